"""The command line from nothing to the first digest, as a person meets it."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.jira.simulator import JiraSimulator
from tests.acceptance.cli_world import HOSTILE, Cli, JiraThread, configuration, small_world

STATUS_KEYS = {
    "key", "name", "state", "shown", "rule", "reason", "previous_state", "probability", "p50",
    "p85", "target", "remaining", "done", "total", "progress", "planned", "confidence", "ledgers",
}  # fmt: skip
SOURCE_KEYS = {
    "connection", "container", "last_success_at", "error", "found_by_reconcile", "hidden",
    "quarantined",
}  # fmt: skip
ITEM_KEYS = [
    "ref", "key", "url", "container", "project", "type", "kind", "hierarchy_level", "title", "body",
    "status", "status_category", "backlog", "resolution", "priority", "labels", "components",
    "fix_versions", "assignees", "reporter", "parent", "links", "created_at", "updated_at",
    "started_at", "done_at", "start_date", "due_date", "estimate", "state", "classification",
]  # fmt: skip
RISK_KEYS = {
    "id", "rule", "scope", "title", "probability", "impact", "score", "band", "owner",
    "exposure_days", "exposure_money", "change", "roam", "evidence", "text", "blast_radius",
    "residual_probability", "residual_impact", "materialised_at",
}  # fmt: skip
DIGEST_KEYS = {
    "audience", "edition", "version", "as_of", "subject", "headline", "decisions", "status",
    "words_of_owners", "changes", "risks", "gates", "trust", "word_count",
}  # fmt: skip

WORK = """
[[projects]]
key = "network"
name = "Network upgrade"
owner = "Ann Ash"
items = ["jira:NET"]
target = 2031-03-19
criticality = "must"

[[programs]]
key = "5g"
name = "5G"
owner = "Bob Birch"
projects = ["network", "jira:OUT"]

[[decisions]]
scope = "network"
question = "Which date?"
decider = "CTO"
confirmed_by = "Bob Birch"
"""
LEADERSHIP = """
[[audiences]]
key = "leadership"
channels = [{ kind = "file", path = "digests" }]
"""
BY_MAIL = '{ kind = "file", path = "digests" }, { kind = "email", to = ["board@example.com"] }'


@pytest.fixture(scope="module")
def jira() -> Iterator[JiraSimulator]:
    with JiraThread(small_world()) as running:
        yield running


@pytest.fixture
def cli(tmp_path: Path, jira: JiraSimulator) -> Cli:
    """In a folder with a configuration of the simulated Jira."""
    made = Cli(tmp_path, {"JIRA_TOKEN": jira.account.secret})
    made.write(configuration(jira, WORK))
    return made


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, jira: JiraSimulator) -> Path:
    """Everything of the simulated Jira, synced once."""
    made = Cli(tmp_path_factory.mktemp("synced"), {"JIRA_TOKEN": jira.account.secret})
    made.write(configuration(jira, WORK))
    made.ok("sync")
    return made.folder / "syncer.db"


@pytest.fixture
def synced(cli: Cli, database: Path) -> Cli:
    for path in database.parent.glob("syncer.db*"):
        shutil.copy(path, cli.folder)
    return cli


def test_from_nothing_to_the_first_digest(tmp_path: Path, jira: JiraSimulator) -> None:
    cli = Cli(tmp_path, {"JIRA_TOKEN": jira.account.secret})
    made = cli.process("init", stdin=f"{jira.url}\n{jira.account.user}\n\n")
    assert made.out == "Wrote syncer.toml.\n"
    checked = cli.process("check")
    assert "signed in at" in checked.out
    assert "sees 2 containers: NET, OUT" in checked.out
    synced = cli.process("sync")
    assert "2 of 2 containers read" in synced.out
    assert "jira:NET: done, 41 items" in synced.err
    digest = cli.process("digest")
    assert [one.code for one in (made, checked, synced, digest)] == [0, 0, 0, 0]
    assert digest.out.startswith("Subject: ")
    assert "Project NET" in digest.out
    assert digest.err == ""


def test_a_second_sync_reads_next_to_nothing(tmp_path: Path) -> None:
    with JiraThread(small_world()) as jira:
        cli = Cli(tmp_path, {"JIRA_TOKEN": jira.account.secret})
        cli.write(configuration(jira))
        cli.ok("sync")
        jira.world.edit("10031", jira.clock.now(), actor="ann", title="Renamed")
        assert "1 new or changed" in cli.ok("sync").out
        assert "Renamed" in cli.ok("items").out


class TestMachineOutput:
    def test_status(self, synced: Cli) -> None:
        document = synced.ok("status", "--format", "json").json
        assert set(document) >= {"as_of", "snapshot", "programs", "products", "projects", "sources"}
        assert [one["key"] for one in document["projects"]] == ["network", "OUT"]
        assert [one["key"] for one in document["programs"]] == ["5g"]
        for one in (*document["projects"], *document["programs"]):
            assert set(one) >= STATUS_KEYS
        network = document["projects"][0]
        assert (network["total"], network["done"], network["target"]) == (41, 30, "2031-03-19")
        assert 0.95 < network["probability"] <= 1
        assert 20 < network["flow"]["finished"] <= network["done"]
        assert network["flow"]["cycle_p50"] <= network["flow"]["cycle_p85"]
        assert all(set(source) >= SOURCE_KEYS for source in document["sources"])
        assert document["as_of"].endswith("Z")

    def test_items(self, synced: Cli) -> None:
        rows = synced.ok("items", "--format", "jsonl", "--select", "jira:OUT").lines
        assert [row["key"] for row in rows] == ["OUT-1", "OUT-2", "OUT-3", "OUT-4"]
        first = rows[0]
        assert list(first) == ITEM_KEYS
        assert first["ref"] == {"connection": "jira", "id": "20001"}
        assert (first["container"], first["project"]) == ("jira:OUT", "OUT")
        assert first["links"] == [
            {"kind": "blocked_by", "to": {"connection": "jira", "id": "10032", "key": "NET-32"}}
        ]
        assert (first["assignees"], first["reporter"]) == (["Ann Ash"], "Bob Birch")
        assert first["parent"] is None
        assert set(first["classification"]) == {
            "level", "leaning", "confidence", "decided_by", "reasons",
        }  # fmt: skip

    def test_selectors_add_up(self, synced: Cli) -> None:
        arguments = ("--select", "jira:OUT", "--select", '{ label = "si*" }')
        rows = synced.ok("items", "--format", "jsonl", *arguments).lines
        assert len(rows) == 34

    def test_csv_holds_no_formula(self, synced: Cli) -> None:
        text = synced.ok("items", "--format", "csv").out
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) == 45
        hostile = next(row for row in rows if row["key"] == "NET-31")
        assert hostile["title"].startswith("'=HYPERLINK(")
        assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values())

    def test_a_table_cannot_drive_the_terminal(self, synced: Cli) -> None:
        table = synced.ok("items").out
        assert "=HYPERLINK" in table
        assert not {"\x1b", "\u202e"} & set(table)
        assert {"\x1b", "\u202e"} < set(HOSTILE)

    def test_risks(self, synced: Cli) -> None:
        risks = synced.ok("risks", "--format", "json").json
        assert risks
        assert all(set(risk) == RISK_KEYS for risk in risks)

    def test_digest(self, synced: Cli) -> None:
        digest = synced.ok("digest", "--format", "json").json
        assert set(digest) >= DIGEST_KEYS
        assert digest["audience"] == "everyone"

    @pytest.mark.parametrize("form", ["md", "html", "text"])
    def test_every_form_of_the_digest_names_the_program(self, synced: Cli, form: str) -> None:
        assert "5G" in synced.ok("digest", "--format", form).out


class TestWhy:
    def test_a_project_its_inputs_and_its_rule(self, synced: Cli) -> None:
        out = synced.ok("why", "network").out
        assert "Network upgrade is" in out
        assert "Inputs:\n" in out
        assert "  target: 2031-03-19\n" in out

    def test_a_program_lists_its_projects(self, synced: Cli) -> None:
        out = synced.ok("why", "prog:5g").out
        assert "  proj:network" in out
        assert "  proj:OUT" in out

    def test_the_portfolio_is_a_distribution(self, synced: Cli) -> None:
        out = synced.ok("why", "portfolio").out
        assert "2 projects: " in out
        assert "0 of 1 program Red" in out
        assert "Portfolio is" not in out
        assert "Portfolio is AMBER by rule A2" in synced.ok("why", "portfolio", "--colour").out

    def test_a_wrong_scope_names_the_nearest(self, synced: Cli) -> None:
        wrong = synced("why", "netwrk")
        assert wrong.code == 2
        assert 'Did you mean "network"?' in wrong.err


class TestSaying:
    def test_an_owner_says_worse_and_the_colour_follows(self, synced: Cli) -> None:
        said = synced.ok("say", "network", "We lost the vendor.", "--status", "off_track")
        assert "on proj:network" in said.out
        assert "RED" in synced.ok("why", "network").out

    def test_a_decision_is_asked_and_closed(self, synced: Cli) -> None:
        asked = synced.ok(
            "decision", "add", "prog:5g", "Which vendor?", "--decider", "COO", "--author", "Ann"
        )
        identity = asked.out.partition(":")[0]
        assert "Which vendor?" in synced.ok("digest").out
        synced.ok("decision", "close", identity, "--outcome", "The first one")
        assert "Which vendor? COO" not in synced.ok("digest").out

    def test_a_decision_of_the_configuration_can_be_closed(self, synced: Cli) -> None:
        decisions = synced.ok("digest", "--format", "json").json["decisions"]
        assert [one["question"] for one in decisions] == ["Which date?"]
        synced.ok("decision", "close", decisions[0]["id"], "--withdrawn")
        assert synced.ok("digest", "--format", "json").json["decisions"] == []

    def test_a_risk_is_written_down_owned_accepted_and_withdrawn(self, synced: Cli) -> None:
        def found(identity: str) -> dict[str, object]:
            every = synced.ok("risks", "--format", "json").json
            return next((one for one in every if one["id"] == identity), {})

        told = synced.ok("risk", "add", "network", "The permit is late", "--probability", "4",
                         "--impact", "4").out  # fmt: skip
        identity = told.partition(":")[0]
        assert (found(identity)["score"], found(identity)["owner"]) == (16, None)
        owner = ("--owner", "Ann Ash", "--next-step", "call them")
        assert "new until" in synced.ok("risk", "own", identity, *owner).out
        assert (found(identity)["owner"], found(identity)["roam"]) == ("Ann Ash", "new")
        synced.ok("risk", "own", identity, *owner, "--by", "2031-01-10")
        assert (found(identity)["owner"], found(identity)["roam"]) == ("Ann Ash", "owned")
        synced.ok("risk", "mitigate", identity, "--item", "NET-31", "--residual-impact", "2")
        day = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
        synced.ok("risk", "accept", identity, "--until", day, "--owner", "Bob Birch")
        assert found(identity)["roam"] == "accepted"
        synced.ok("risk", "close", identity, "--withdrawn", "--author", "Bob Birch")
        assert found(identity) == {}

    def test_a_baseline_is_set(self, synced: Cli) -> None:
        told = synced.ok("baseline", "set", "network", "--approved-by", "CTO").out
        assert told == "proj:network: 41 items, target 2031-03-19, approved by CTO.\n"
        (project, *_) = synced.ok("status", "--format", "json").json["projects"]
        assert project["baseline_progress"] == project["progress"] == 30 / 41

    def test_a_gate_stands_in_the_digest(self, synced: Cli) -> None:
        day = (datetime.now(UTC) + timedelta(days=14)).date().isoformat()
        synced.ok("gate", "add", "network", "Core freeze", day, "--owner", "Ann Ash")
        gates = synced.ok("digest", "--format", "json").json["gates"]
        assert [(gate["name"], gate["on"]) for gate in gates] == [("Core freeze", day)]

    def test_an_override_is_listed_exported_and_undone(self, synced: Cli) -> None:
        made = synced.ok(
            "override", "add", "NET-32", "--level", "program", "--reason", "serves two products"
        )
        identity = made.out.partition(":")[0]
        assert "NET-32" in synced.ok("override", "list").out
        (example,) = synced.ok("override", "export").lines
        assert (example["target"], example["label"]) == ("NET-32", "program")
        synced.ok("override", "undo", identity)
        assert "NET-32" not in synced.ok("override", "list").out
        assert "yes" in synced.ok("override", "list", "--all").out
        assert (synced("override", "undo", identity)).code == 2

    def test_a_colour_is_overridden_shown_exported_and_taken_back(self, synced: Cli) -> None:
        last = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
        lighter = ("override", "add", "5g", "--colour", "green", "--expires", last,
                   "--reason", "The pilot sites went live", "--author", "Bob Birch")  # fmt: skip
        refused = synced(*lighter)
        assert (refused.code, "--approver" in refused.err) == (2, True)
        identity = synced.ok(*lighter, "--approver", "CTO").out.partition(":")[0]
        (program,) = synced.ok("status", "--format", "json").json["programs"]
        assert (program["state"], program["shown"]) == ("AMBER", "GREEN")
        assert program["override"]["active"] is True
        assert "GREEN*" in synced.ok("status").out
        assert "computed Amber, override Bob Birch until" in synced.ok("why", "5g").out
        told = " ".join(synced.ok("digest").out.split())
        assert "GREEN*" in told
        assert "computed AMBER, override Bob Birch until" in told
        assert "Overrides 1: 5G until" in told
        (line,) = synced.ok("override", "export", "--colours").lines
        assert (line["scope"], line["approver"], line["expires"]) == ("prog:5g", "CTO", last)
        assert identity in synced.ok("override", "list").out
        assert "your override" not in synced("status").err
        soon = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
        synced.ok("override", "add", "network", "--colour", "red", "--expires", soon,
                  "--reason", "The supplier went bankrupt", "--author", "Ann Ash")  # fmt: skip
        assert "Ann Ash: your override of proj:network ends on" in synced("status").err
        synced.ok("override", "undo", identity)
        assert identity not in synced.ok("override", "list").out
        assert "undone" in synced.ok("override", "list", "--all").out
        assert "GREEN*" not in synced.ok("status").out

    @pytest.mark.parametrize(
        "arguments",
        [
            ("override", "add", "5g", "--colour", "green"),
            ("override", "add", "5g", "--colour", "red", "--reason", "too short"),
            ("override", "add", "NET-1", "--level", "program", "--colour", "red"),
            ("override", "add", "5g"),
            ("override", "undo", "C-1"),
            ("risk", "own", "R-1", "--owner", "Ann Ash"),
            ("risk", "close", "H-1"),
            ("risk", "close", "R-1", "--withdrawn"),
            ("risk", "accept", "R-1", "--until", "2020-01-01"),
            ("risk", "mitigate", "R-1"),
            ("risk", "add", "network", "Late", "--probability", "6", "--impact", "1"),
            ("baseline", "set", "5g", "--approved-by", "CTO"),
            ("baseline", "set", "network", "--approved-by", " "),
            ("say", "nowhere", "Hello"),
            ("gate", "add", "network", "Freeze", "soon"),
            ("decision", "close", "D-1", "--outcome", "x"),
            ("decision", "close", "D-1"),
            ("override", "add", "NET-9999", "--level", "program"),
            ("override", "add", "NET-1", "--level", "purple"),
        ],
    )
    def test_nonsense_ends_with_2(self, synced: Cli, arguments: tuple[str, ...]) -> None:
        assert (synced(*arguments)).code == 2


class TestEditions:
    @pytest.fixture
    def publishing(self, synced: Cli, jira: JiraSimulator) -> Cli:
        synced.write(configuration(jira, WORK + LEADERSHIP))
        return synced

    def test_without_send_nothing_is_published(self, publishing: Cli) -> None:
        publishing.ok("digest")
        preview = publishing.ok("digest", "--preview")
        assert "not sent yet" in preview.err
        assert not (publishing.folder / "digests").exists()

    def test_send_writes_every_form_and_refuses_a_second_time(self, publishing: Cli) -> None:
        publishing.ok("digest", "--send", "--author", "Bob")
        files = sorted(path.suffix for path in (publishing.folder / "digests").iterdir())
        assert files == [".html", ".json", ".md", ".txt"]
        again = publishing("digest", "--send")
        assert again.code == 1
        assert "--correction" in again.err

    def test_a_mail_that_cannot_go_out_yet_is_told_and_ends_with_1(
        self, synced: Cli, jira: JiraSimulator
    ) -> None:
        by_mail = LEADERSHIP.replace('{ kind = "file", path = "digests" }', BY_MAIL)
        synced.write(configuration(jira, WORK + by_mail))
        sent = synced("digest", "--send")
        assert sent.code == 1
        assert "email board@example.com: pending: No mail server is configured" in sent.err
        assert len(list((synced.folder / "digests").iterdir())) == 4

    def test_before_the_first_edition_there_is_nothing_to_correct(self, publishing: Cli) -> None:
        refused = publishing("digest", "--send", "--correction", "The date was wrong")
        assert refused.code == 2
        assert "nothing to correct" in refused.err

    def test_a_correction_is_a_new_version(self, publishing: Cli) -> None:
        publishing.ok("digest", "--send")
        publishing.ok("digest", "--send", "--correction", "The date was wrong")
        names = [path.name for path in (publishing.folder / "digests").glob("*-v2.txt")]
        assert len(names) == 1
        text = (publishing.folder / "digests" / names[0]).read_text(encoding="utf-8")
        assert "The date was wrong" in text

    def test_diff_shows_what_an_owner_said_since(self, publishing: Cli) -> None:
        publishing.ok("digest", "--send")
        publishing.ok("say", "network", "We lost the vendor.", "--status", "off_track")
        diff = (publishing.ok("digest", "--diff")).out
        assert any(line.startswith("+") and "RED" in line for line in diff.splitlines())

    def test_nobody_to_send_to(self, synced: Cli) -> None:
        result = synced("digest", "--send")
        assert (result.code, "[[audiences]]" in result.err) == (2, True)

    def test_several_audiences_and_none_named(self, synced: Cli, jira: JiraSimulator) -> None:
        more = '[[audiences]]\nkey = "teams"\nfor_each = "program"\nlens = "program"\n'
        synced.write(configuration(jira, WORK + LEADERSHIP + more))
        result = synced("digest")
        assert result.code == 2
        assert "leadership, teams" in result.err
        assert (
            '"audience": "teams-5g"'
            in (synced.ok("digest", "--audience", "teams", "--format", "json")).out
        )

    def test_out_writes_a_file(self, synced: Cli) -> None:
        synced.ok("digest", "--out", "now.md", "--format", "md")
        assert "5G" in (synced.folder / "now.md").read_text(encoding="utf-8")

    def test_before_the_first_known_change_the_earliest_date_is_told(self, synced: Cli) -> None:
        result = synced("digest", "--as-of", "2020-01-01")
        assert result.code == 1
        assert "The earliest date is 20" in result.err

    def test_a_past_date_is_reconstructed_and_says_so(self, synced: Cli) -> None:
        day = (datetime.now(UTC) - timedelta(days=21)).date().isoformat()
        document = synced.ok("status", "--as-of", day, "--format", "json").json
        assert document["reconstructed"]
        assert document["projects"][0]["done"] < 30


class TestFaults:
    def test_every_fault_of_the_configuration_is_told_at_once(self, cli: Cli) -> None:
        cli.write('[service]\ntimezon = "UTC"\n[[connections]]\nname = "jira"\n')
        result = cli("check")
        assert result.code == 2
        assert "syncer.toml:2: service.timezon: unknown key." in result.err
        assert "syncer.toml:3: connections[0].kind: is missing." in result.err

    def test_a_missing_secret_is_named(self, cli: Cli) -> None:
        cli.environment.clear()
        for command in ("check", "sync"):
            result = cli(command)
            assert result.code == 2
            assert "JIRA_TOKEN" in result.out + result.err

    def test_keys_of_the_connector_are_checked_with_their_line(
        self, cli: Cli, jira: JiraSimulator
    ) -> None:
        cli.write(configuration(jira, settings={"page_sze": "5"}))
        result = cli("check")
        assert result.code == 2
        assert 'connections[0].page_sze: unknown key. Did you mean "page_size"?' in result.out

    def test_a_refused_connection_hides_no_other(self, cli: Cli, jira: JiraSimulator) -> None:
        other = f"""
            [[connections]]
            name = "other"
            kind = "jira"
            url = "{jira.url}"
            auth = {{ email = "nobody@example.com", token_env = "JIRA_TOKEN" }}
            """
        cli.write(configuration(jira, other))
        result = cli("sync")
        assert result.code == 1
        assert "jira: 2 of 2 containers read" in result.out
        assert "other: " in result.out
        sources = (cli.ok("status", "--format", "json")).json["sources"]
        assert any(source["error"] for source in sources if source["connection"] == "other")
        assert (cli("check")).code == 1

    def test_one_connection_can_be_named(self, cli: Cli) -> None:
        assert (cli("sync", "--connection", "jria")).code == 2
        cli.ok("sync", "--connection", "jira", "--full")

    def test_no_secret_is_ever_shown(self, cli: Cli, jira: JiraSimulator) -> None:
        cli.write(configuration(jira).replace(jira.url, f"{jira.url}/nothing-here"))
        for command in ("check", "sync"):
            result = cli.process("-v", command)
            assert result.code == 2, result
            assert jira.account.secret not in result.out + result.err

    def test_a_secret_file_that_others_may_read_is_told(
        self, cli: Cli, jira: JiraSimulator
    ) -> None:
        text = configuration(jira).replace('token_env = "JIRA_TOKEN"', 'token_file = "token"')
        cli.write(text)
        cli.write(jira.account.secret, "token")
        (cli.folder / "token").chmod(0o644)
        assert "others may read token" in cli.ok("check").out
        (cli.folder / "token").chmod(0o600)
        assert "others may read" not in cli.ok("check").out

    def test_a_broken_database_is_told_in_words(self, cli: Cli) -> None:
        cli.write("not a database", "syncer.db")
        result = cli("status")
        assert result.code == 2
        assert "cannot be opened" in result.err
        assert "Traceback" not in result.err

    def test_verbose_shows_where_it_failed(self, synced: Cli) -> None:
        assert "Traceback" not in synced("why", "nothing").err
        assert "Traceback" in synced("-v", "why", "nothing").err

    def test_unanswered_questions_write_nothing(self, tmp_path: Path) -> None:
        result = Cli(tmp_path).process("init", stdin="")
        assert (result.code, list(tmp_path.iterdir())) == (2, [])

    def test_without_a_file_the_next_step_is_told(self, tmp_path: Path) -> None:
        result = Cli(tmp_path)("status")
        assert (result.code, "syncer init" in result.err) == (2, True)

    def test_init_overwrites_only_when_forced(self, cli: Cli) -> None:
        assert (cli("init", "--yes")).code == 2
        cli.ok("init", "--yes", "--force")

    def test_init_refuses_a_pasted_token(self, tmp_path: Path) -> None:
        result = Cli(tmp_path)("init", "--yes", "--token-env", "ATATT3x-abcdef")
        assert result.code == 2
        assert "ATATT3x" not in result.err
        assert not (tmp_path / "syncer.toml").exists()

    def test_global_options_may_stand_anywhere(self, synced: Cli) -> None:
        (synced.folder / "syncer.toml").rename(synced.folder / "other.toml")
        plain = synced.ok("--config", "other.toml", "status", "--sources").out
        assert "jira:" in plain
        assert synced.ok("status", "--sources", "--config", "other.toml").out == plain
        assert synced.ok("status", "--sources", "--config=other.toml", "-v").out == plain

    def test_a_future_date_is_refused(self, synced: Cli) -> None:
        assert (synced("status", "--as-of", "2099-01-01")).code == 2
        assert (synced("status", "--as-of", "tomorrow")).code == 2


def test_the_database_goes_up_and_down(synced: Cli) -> None:
    newest = synced.ok("db", "current").out.strip()
    assert newest
    assert synced.ok("db", "downgrade", "base").out == "empty\n"
    assert synced.ok("db", "upgrade").out.strip() == newest


def test_asking_for_the_version_makes_no_database(synced: Cli) -> None:
    (synced.folder / "syncer.db").rename(synced.folder / "elsewhere.db")
    assert synced.ok("db", "current").out == "no database yet\n"
    assert not (synced.folder / "syncer.db").exists()


def test_kinds_are_listed(cli: Cli) -> None:
    lines = cli.ok("connectors", "list").out.splitlines()
    kinds = {line.partition(":")[0] for line in lines}
    assert {"csv", "github", "gitlab", "jira", "push"} <= kinds


HEAVY = ("sqlmodel", "sqlalchemy", "aiohttp", "pydantic", "structlog", "jinja2", "networkx", "rich")


def test_help_imports_nothing_heavy() -> None:
    code = f"import sys, syncer.cli.main; print([m for m in {HEAVY!r} if m in sys.modules])"
    kept = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=kept
    )
    assert done.stdout == "[]\n"
