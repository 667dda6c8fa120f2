"""What a newcomer types wrongly, and what they are told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from connectors.jira.simulator import JiraSimulator
from syncer.classify.labelled import labelled
from tests.acceptance.cli_world import Cli, JiraThread, configuration, small_world

PROJECT = """
[[projects]]
key = "network"
name = "Network upgrade"
items = ["jira:NET"]
"""


@pytest.fixture(scope="module")
def jira() -> Iterator[JiraSimulator]:
    with JiraThread(small_world()) as running:
        yield running


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, jira: JiraSimulator) -> Path:
    made = Cli(tmp_path_factory.mktemp("synced"), {"JIRA_TOKEN": jira.account.secret})
    made.write(configuration(jira, PROJECT))
    made.ok("sync")
    return made.folder / "syncer.db"


@pytest.fixture
def cli(tmp_path: Path, jira: JiraSimulator) -> Cli:
    """In a folder with a configuration, nothing synced yet."""
    made = Cli(tmp_path, {"JIRA_TOKEN": jira.account.secret})
    made.write(configuration(jira, PROJECT))
    return made


@pytest.fixture
def synced(cli: Cli, database: Path) -> Cli:
    for path in database.parent.glob("syncer.db*"):
        shutil.copy(path, cli.folder)
    return cli


class TestScopes:
    @pytest.mark.parametrize("scope", ["xxx:network", "jira:NOPE", "jira:NET", "proj:jira:NOPE"])
    @pytest.mark.parametrize(
        "command",
        [("why",), ("say", "Well."), ("gate", "add", "Freeze", "2031-01-01")],
        ids=lambda command: command[0],
    )
    def test_what_does_not_exist_is_no_scope(
        self, synced: Cli, command: tuple[str, ...], scope: str
    ) -> None:
        words = 2 if command[0] == "gate" else 1
        result = synced(*command[:words], scope, *command[words:])
        assert (result.code, result.out) == (2, "")
        assert "No project is called" in result.err

    def test_an_unclaimed_container_is_one(self, synced: Cli) -> None:
        assert "Project OUT is" in synced.ok("why", "jira:OUT").out

    def test_only_one_is_told_in_the_singular(self, cli: Cli, jira: JiraSimulator) -> None:
        program = "[[programs]]\nkey = 'p'\nprojects = ['qqqqq']\n"
        cli.write(configuration(jira, PROJECT + program))
        assert "no project 'qqqqq'. There is only network." in cli("check").err


class TestSelectors:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("jra:NET", "there is no connection 'jra'. Did you mean \"jira\"?"),
            ("{ labl = 'x' }", '"labl" is not a selector. Did you mean "label".'),
            ("{ label = x }", "quotes included"),
        ],
    )
    def test_a_wrong_one_is_explained(self, synced: Cli, text: str, told: str) -> None:
        result = synced("items", "--select", text)
        assert (result.code, result.out) == (2, "")
        assert told in result.err
        assert "?." not in result.err

    def test_one_that_picks_nothing_is_told(self, synced: Cli) -> None:
        assert "No stored item is selected." in synced.ok("items", "--select", "jira:NOPE").err


class TestValues:
    @pytest.mark.parametrize(
        ("command", "told"),
        [
            (("status", "--format", "yaml"), "'--format': 'yaml' is not one of 'table', 'json'."),
            (("say", "network", "Well.", "--status", "fine"), "'--status': 'fine' is not one of"),
            (("override", "add", "NET-1", "--level", "both"), "'--level': 'both' is not one of"),
        ],
        ids=lambda value: value[0] if isinstance(value, tuple) else "",
    )
    def test_one_that_is_none_of_the_choices_is_told_so(
        self, cli: Cli, command: tuple[str, ...], told: str
    ) -> None:
        result = cli(*command)
        assert result.code == 2
        assert f"Invalid value for {told}" in result.err


class TestNothingYet:
    def test_the_next_step_is_told(self, cli: Cli) -> None:
        for command in (("status",), ("status", "--sources")):
            assert "run `syncer sync` first" in cli.ok(*command).err
        assert "No item is stored." in cli.ok("items").err

    def test_a_refused_connection_counts_no_containers(self, cli: Cli) -> None:
        cli.environment["JIRA_TOKEN"] = "not-the-token"
        result = cli("sync")
        assert result.code == 1
        assert result.out.startswith("jira: not read\n  jira: ")

    def test_a_connection_with_a_fault_is_not_called_faultless(
        self, cli: Cli, jira: JiraSimulator
    ) -> None:
        cli.write(configuration(jira, settings={"page_sze": "5"}))
        assert "no fault" not in cli("check").out
        cli.write(configuration(jira))
        assert "no fault" in cli.ok("check").out

    def test_each_fault_of_a_connection_has_a_line(self, cli: Cli, jira: JiraSimulator) -> None:
        cli.write(configuration(jira).replace("auth =", "auht ="))
        lines = cli("check").out.splitlines()
        assert "\\n" not in "".join(lines)
        assert any("auth: is missing" in line for line in lines)
        assert any(line.endswith('unknown key. Did you mean "auth"?') for line in lines)

    def test_an_include_that_matches_nothing_is_told(self, cli: Cli, jira: JiraSimulator) -> None:
        cli.write('include = ["programs/*.toml"]\n' + configuration(jira))
        assert "warning: include 'programs/*.toml' matches no file" in cli.ok("check").out

    def test_what_serve_would_refuse_is_a_fault(self, cli: Cli, jira: JiraSimulator) -> None:
        open_door = '[service.pages]\nlisten = "0.0.0.0:8081"\n'
        cli.write(configuration(jira).replace("[[connections]]", f"{open_door}\n[[connections]]"))
        result = cli("check")
        assert result.code == 2
        assert "no fault" not in result.out
        assert "pages: failed: syncer.toml" in result.out
        assert "open to everybody" in result.out

    def test_a_webhook_secret_that_is_missing_is_a_fault(
        self, cli: Cli, jira: JiraSimulator
    ) -> None:
        cli.write(configuration(jira, settings={"webhook_secret_env": '"NO_SUCH_SECRET"'}))
        result = cli("check")
        assert result.code == 2
        assert "no fault" not in result.out
        assert "NO_SUCH_SECRET" in result.out


def test_the_thresholds_are_checked_too(cli: Cli) -> None:
    cli.write("[colour]\namber_belo = 0.8\n", "health.toml")
    result = cli("check")
    assert (result.code, result.out) == (2, "")
    assert (
        'health.toml:2: colour.amber_belo: unknown key. Did you mean "amber_below"?' in result.err
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("say", "network", " "),
        ("decision", "add", "network", "", "--decider", "CTO"),
        ("decision", "add", "network", "Which date?", "--decider", ""),
        ("gate", "add", "network", "", "2031-01-01"),
        ("decision", "close", "D-1", "--outcome", "Now", "--withdrawn"),
    ],
    ids=" ".join,
)
def test_empty_words_are_refused(synced: Cli, arguments: tuple[str, ...]) -> None:
    result = synced(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "is empty" in result.err or "contradict" in result.err


def test_a_version_of_the_database_that_is_none(synced: Cli) -> None:
    for command in ("upgrade", "downgrade"):
        result = synced("db", command, "9999")
        assert result.code == 2
        assert "Known versions: base, 0001" in result.err


def test_out_makes_the_folder_that_is_meant(synced: Cli) -> None:
    told = synced.ok("digest", "--format", "md", "--out", "new/").err
    (written,) = (synced.folder / "new").iterdir()
    assert written.suffix == ".md"
    assert f"Wrote new/{written.name}." in told


class TestOverrides:
    def test_they_are_counted_in_the_trust_line(self, synced: Cli) -> None:
        def trust() -> str:
            return " ".join(synced.ok("digest").out.split())

        assert "Overrides 0." in trust()
        made = synced.ok("override", "add", "NET-32", "--level", "program").out
        assert "Overrides 1." in trust()
        synced.ok("override", "undo", made.partition(":")[0])
        assert "Overrides 0." in trust()

    def test_exported_they_teach_the_classifier(self, synced: Cli) -> None:
        synced.ok("override", "add", "NET-32", "--level", "program")
        (item,) = labelled(map(orjson.loads, synced.ok("override", "export").out.splitlines()))
        assert (item.item.title, item.program, item.group) == ("Item 32 of NET", True, "jira:NET")


class TestInit:
    @pytest.mark.parametrize("url", ["acme", "https://", "ftp://acme.atlassian.net", "a b.net"])
    def test_what_is_no_address_is_refused(self, tmp_path: Path, url: str) -> None:
        result = Cli(tmp_path)("init", "--yes", "--url", url)
        assert (result.code, list(tmp_path.iterdir())) == (2, [])
        assert "is not the address" in result.err

    def test_a_bare_host_is_completed(self, tmp_path: Path) -> None:
        Cli(tmp_path).ok("init", "--yes", "--url", "acme.atlassian.net")
        assert 'url = "https://acme.atlassian.net"' in (tmp_path / "syncer.toml").read_text()


def test_a_line_that_cannot_be_classified_is_found(cli: Cli) -> None:
    cli.write('\n{"items": [], "projects": []}\n{"oops\n[]\n', "lines.jsonl")
    result = cli("classify", "--input", "lines.jsonl")
    assert result.code == 1
    assert [line["error"].partition(":")[0] for line in result.lines] == ["line 3", "line 4"]
    assert "None" not in cli("classify", "--input", "lines.jsonl", "--format", "table").out
