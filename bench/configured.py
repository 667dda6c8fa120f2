"""The product as its administrator configures it for the made-up tracker."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from bench.tracker import Tracker

TOKEN: Final = "BENCH_JIRA_TOKEN"  # noqa: S105  a variable's name
SECRET: Final = "BENCH_WEBHOOK_SECRET"  # noqa: S105  the same
CONNECTION: Final = "jira"
ENDPOINT: Final = "bench-endpoint-0000000001"
ENVIRONMENT: Final = {TOKEN: "made-up-token-0815", SECRET: "made-up-secret-4711"}


def configuration(one: Tracker) -> str:
    """A `syncer.toml` with one connection."""
    auth = f'token_env = "{TOKEN}"'
    if one.style == "cloud":
        auth = f'email = "bot@example.com", {auth}'
    return "\n".join(
        (
            "[service]",
            'timezone = "Europe/Berlin"',
            'hooks = { listen = "127.0.0.1:0", public_url = "https://hooks.example.com" }',
            'pages = { listen = "127.0.0.1:0" }',
            "[[connections]]",
            f'name = "{CONNECTION}"',
            'kind = "jira"',
            f'url = "{one.url}"',
            f"auth = {{ {auth} }}",
            f'webhook_secret_env = "{SECRET}"',
            f'endpoint_id = "{ENDPOINT}"',
            "",
        )
    )


def written(folder: Path, one: Tracker) -> Path:
    """The configuration's file, in a folder."""
    file = folder / "syncer.toml"
    file.write_text(configuration(one), encoding="utf-8")
    return file


def secrets_of(database: str) -> dict[str, str]:
    """The variables that tell the database and the secrets."""
    return {**ENVIRONMENT, "SYNCER_SERVICE__DATABASE_URL": database}


def environment(database: str) -> dict[str, str]:
    """The environment of a process of ours, without settings of whoever runs the bench."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("SYNCER_")}
    return {**kept, **secrets_of(database)}
