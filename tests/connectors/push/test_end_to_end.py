"""The example of the README, sent to a real daemon by the README's own script."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from syncer.store.engine import Store
from syncer.store.items import load_records
from tests.acceptance.cli_world import Cli
from tests.acceptance.process import Syncer
from tests.connectors.push.plant import at, secret
from tests.serve.site import PATIENCE, Serve, until

README = Path("connectors") / "push" / "README.md"
ENDPOINT = "plant-endpoint-for-tests"
SETTINGS = f"""
[[connections]]
name = "plant"
kind = "push"
endpoint_id = "{ENDPOINT}"
webhook_secret_env = "PLANT_SECRET"
"""


def block(root: Path, name: str) -> str:
    """The code below a comment such as `<!-- body -->`."""
    text = (root / README).read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_body_of_the_readme_has_a_past_date(root: Path) -> None:
    """It must be readable on every later day."""
    told = orjson.loads(block(root, "body"))
    assert datetime.fromisoformat(told["as_of"]) == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


async def test_the_readmes_script_sends_the_readmes_example(root: Path, tmp_path: Path) -> None:
    command = Syncer(tmp_path, {"PLANT_SECRET": secret().get_secret_value()})
    command.configure(SETTINGS)
    body = _made_present(block(root, "body"))
    (tmp_path / "send.py").write_text(block(root, "sender"), encoding="utf-8")
    listen = ("--hooks-listen", "127.0.0.1:0", "--pages-listen", "127.0.0.1:0")
    serving = Serve(await command.start("serve", *listen))
    try:
        await serving.ready()
        address = f"{serving.hooks}/hooks/{ENDPOINT}"
        assert await _sent(command, address, body) == {
            "accepted": 1,
            "deleted": 1,
            "quarantined": [],
            "error": None,
            "more": False,
        }
        url = f"sqlite:///{tmp_path}/syncer.db"
        async with Store(url) as store:

            async def stored() -> bool:
                async with store.read() as session:
                    return {r.item.ref.id for r in await load_records(session)} == {"1001", "0990"}

            await until(stored)
            async with store.read() as session:
                [record] = [r for r in await load_records(session) if r.item.ref.id == "1001"]
    finally:
        await serving.end()
    assert [change.after for change in record.changes] == ["IN_PROGRESS"]
    assert record.item.links[0].to.id == "https://acme.atlassian.net/browse/NET-7"


def test_the_commands_say_that_nobody_is_asked(tmp_path: Path) -> None:
    cli = Cli(tmp_path, {"PLANT_SECRET": secret().get_secret_value()})
    cli.write(SETTINGS)
    checked = cli.ok("check").out
    assert "plant (push): takes what is pushed; nobody is asked" in checked
    assert f"/hooks/{ENDPOINT}" in checked
    assert "plant: nothing to ask, its items are pushed" in cli.ok("sync", "--census").out
    told = cli.ok("status", "--sources", "--format", "json").json["sources"]
    assert [(one["connection"], one["last_success_at"]) for one in told] == [("plant", None)]

    cli.environment["PLANT_SECRET"] = "no-standard-secret"
    refused = cli("check")
    assert refused.code == 2
    assert "A webhook secret of plant cannot be used" in refused.out
    cli.write(SETTINGS.replace("webhook_secret_env", "# "))
    assert "what is pushed must be signed" in cli("check").out


def _made_present(body: str) -> bytes:
    """The example with its instants moved to now: this machine may live before that day."""
    told = orjson.loads(body)
    moved = datetime.now(UTC) - datetime.fromisoformat(told["as_of"]) - timedelta(minutes=1)

    def later(text: str) -> str:
        return at(datetime.fromisoformat(text).astimezone(UTC) + moved)

    told["as_of"] = later(told["as_of"])
    for item in told["items"]:
        for name in ("created_at", "updated_at"):
            item[name] = later(item[name])
        for change in item["changes"]:
            change["at"] = later(change["at"])
    return orjson.dumps(told)


async def _sent(command: Syncer, address: str, body: bytes) -> object:
    """What the README's script prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "send.py"),
        cwd=command.folder,
        env={**os.environ, **command.environment, "PLANT_ADDRESS": address},
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate(body)
    assert process.returncode == 0, err.decode()
    return orjson.loads(out)
