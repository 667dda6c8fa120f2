"""`syncer init` for each sort of tracker: what it writes can be read, and asks what is right."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from syncer.cli.first_connection import Kind
from syncer.connect.registry import connector_class
from tests.acceptance.cli_world import Cli


def _made(folder: Path) -> dict[str, Any]:
    text = (folder / "syncer.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text)["connections"][0]
    return found


@pytest.mark.parametrize(
    ("arguments", "kind", "url", "containers"),
    [
        (("--url", "https://github.com/acme"), "github", "https://api.github.com", ["acme/*"]),
        (("--url", "github.com/acme/phone"), "github", "https://api.github.com", ["acme/*"]),
        (("--kind", "github"), "github", "https://api.github.com", None),
        (
            ("--url", "https://github.corp.example", "--containers", "ran/*"),
            "github", "https://github.corp.example/api/v3", ["ran/*"],
        ),
        (
            ("--url", "https://code.corp.example/api/v3", "--kind", "github"),
            "github", "https://code.corp.example/api/v3", None,
        ),
        (("--url", "acme.atlassian.net"), "jira", "https://acme.atlassian.net", None),
        (("--kind", "jira"), "jira", "https://your-company.atlassian.net", None),
    ],
)  # fmt: skip
def test_the_kind_is_told_by_the_address(
    tmp_path: Path, arguments: tuple[str, ...], kind: str, url: str, containers: list[str] | None
) -> None:
    Cli(tmp_path).ok("init", "--yes", *arguments)
    made = _made(tmp_path)

    assert (made["kind"], made["name"], made["url"]) == (kind, kind, url)
    assert made.get("containers") == containers
    assert made["auth"]["token_env"] == f"{kind.upper()}_TOKEN"


@pytest.mark.parametrize(
    ("address", "kind", "expected"),
    [
        (
            "https://gitlab.com/acme/ran",
            "gitlab",
            {"url": "https://gitlab.com", "containers": ["acme/*"]},
        ),
        ("gitlab.corp.example/code", "gitlab", {"url": "https://gitlab.corp.example/code"}),
        ("dev.azure.com/acme", "azuredevops", {"url": "https://dev.azure.com/acme", "name": "ado"}),
        ("https://acme.visualstudio.com", "azuredevops", {"url": "https://acme.visualstudio.com"}),
        ("https://linear.app/acme", "linear", {"url": "https://linear.app"}),
        (
            "https://dev.azure.com/acme/Smart%20Phone/_workitems",
            "azuredevops",
            {"url": "https://dev.azure.com/acme", "projects": ["Smart Phone"]},
        ),
        ("redmine.corp.example", "redmine", {"url": "https://redmine.corp.example"}),
        (
            "https://www.redmine.org/projects/redmine/issues",
            "redmine",
            {"url": "https://www.redmine.org", "containers": ["redmine"]},
        ),
    ],
)
def test_other_trackers_are_known_by_their_addresses_too(
    tmp_path: Path, address: str, kind: str, expected: dict[str, Any]
) -> None:
    Cli(tmp_path).ok("init", "--yes", "--url", address)
    made = _made(tmp_path)

    assert made["kind"] == kind
    assert {name: made[name] for name in expected} == expected


def test_the_second_answer_is_written_as_what_the_tracker_calls_it(tmp_path: Path) -> None:
    answers = "https://dev.azure.com/acme\nNetwork*\n\n"
    assert Cli(tmp_path).process("init", stdin=answers).code == 0
    made = _made(tmp_path)
    assert (made["projects"], made["auth"]) == (["Network*"], {"token_env": "ADO_TOKEN"})


@pytest.mark.parametrize(
    ("address", "kind", "example"),
    [
        ("https://dev.azure.com/acme", None, "ado:acme"),
        ("https://dev.azure.com/acme/Network", None, "ado:acme"),
        ("https://acme.visualstudio.com", None, "ado:acme"),
        ("https://tfs.corp.example/tfs/Main%20One/", "azuredevops", "ado:Main One"),
        ("https://redmine.corp.example", None, "redmine:network"),
        ("https://plans.corp.example/pm", "redmine", "redmine:network"),
        ("https://acme.atlassian.net", None, "jira:NET"),
    ],
)
def test_the_example_names_what_lives_at_the_address(
    tmp_path: Path, address: str, kind: str | None, example: str
) -> None:
    Cli(tmp_path).ok("init", "--yes", "--url", address, *(("--kind", kind) if kind else ()))
    text = (tmp_path / "syncer.toml").read_text(encoding="utf-8")
    assert f'# items = ["{example}"] ' in text


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_written_for_any_kind_is_a_connection_of_that_kind(
    tmp_path: Path, kind: Kind
) -> None:
    Cli(tmp_path).ok("init", "--yes", "--kind", kind)
    made = _made(tmp_path)
    assert made["kind"] == kind
    assert connector_class(kind).config_type.model_validate(made).model_dump()["url"] == made["url"]


def test_three_questions_for_github(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    result = cli.process("init", stdin="https://github.com/acme\nacme/ran-*\n\n")

    assert result.code == 0
    assert result.err.count(": ") >= 3
    assert _made(tmp_path)["containers"] == ["acme/ran-*"]
    assert "export GITHUB_TOKEN" in result.err
