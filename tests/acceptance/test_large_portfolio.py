"""200 Jira projects, 40 repositories, 12 programs: sync, discover, edit, plan, by the command line.

What `plan` tells is held against a count made from the scripted world and the written rules alone.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from syncer.domain.ref import ContainerKey
from tests.acceptance.cli_world import NOW, Cli
from tests.acceptance.large_portfolio import (
    EMPTY,
    FAMILIES,
    HOSTILE,
    JIRA_KEYS,
    PROGRAMS,
    REPOSITORIES,
    Both,
    Company,
    large_company,
)

UNWANTED = ("ran", "data", "cloud", "sec")
EDITED = """\
[[projects]]
key = "website"
items = ["github:acme/website", "github:acme/design"]
owner = "Novak N."

[[projects]]
key = "operations"
name = "Operations everywhere"
items = ["jira:*OP"]
except = [{ under = "jira:RADPL-1" }]
target = 2030-03-29

[[programs]]
key = "operations"
projects = ["operations"]

[[gates]]
scope = "prog:fibre-rollout-fibpl-1"
name = "First street connected"
date = 2030-02-01
"""


@dataclass
class Run:
    """The synced company, its draft and the way to the command line."""

    company: Company
    cli: Cli
    both: Both
    draft: str

    @property
    def tables(self) -> dict[str, Any]:
        return tomllib.loads(self.draft)

    def use(self, more: str = "", without: tuple[str, ...] = ()) -> None:
        """Put the draft in use, after an edit by hand: some drafts go, more is written."""
        blocks = self.draft.split("\n\n")
        gone = [f'[[projects]]\nkey = "{key}"\n' for key in without]
        kept = [block for block in blocks if not any(one in block for one in gone)]
        self.cli.write("\n\n".join(kept), "programs/found.toml")
        self.cli.write(more, "programs/own.toml")
        self.cli.write(self.both.configuration(['include = ["programs/*.toml"]']))

    def lines(self) -> int:
        files = (self.cli.folder / "syncer.toml", *(self.cli.folder / "programs").iterdir())
        return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    company, folder = large_company(), tmp_path_factory.mktemp("large")
    with Both(company.world) as both:
        cli = Cli(folder, both.environment)
        cli.write(both.configuration())
        synced = cli.ok("sync")
        assert "jira: 200 of 200 containers read" in synced.out
        assert "github: 40 of 40 containers read" in synced.out
        cli.ok("discover", "--out", "programs/found.toml")
        draft = (folder / "programs" / "found.toml").read_text(encoding="utf-8")
        yield Run(company, cli, both, draft)


def _uid(company: Company, item_id: str) -> str:
    state = company.world.item(item_id).initial
    return f"{'github' if '/' in state.container else 'jira'}:{item_id}"


def _live(company: Company) -> dict[str, str]:
    """The container of every item by its uid."""
    world = company.world
    return {
        _uid(company, one): str(ContainerKey("github" if "/" in box else "jira", box))
        for one in world.ids()
        if (box := world.item(one).initial.container)
    }


def test_the_draft_finds_the_twelve_programs_and_invents_none(run: Run) -> None:
    found = run.tables["programs"]
    said = {" ".join(re.findall(r"\w+", one["name"].casefold())) for one in found}
    told = {
        " ".join(re.findall(r"\w+", scripted.title.casefold()))
        for scripted in PROGRAMS
        if scripted.title not in {"Fibre rollout", HOSTILE}
    }
    assert len(found) == len(PROGRAMS) == len(said)
    assert told | {"fibre rollout fibpl 1", "fibre rollout whopl 1"} < said
    assert any(name.startswith("roaming abroad") for name in said)
    assert not {"better coffee", "old papers"} & said
    owners = [one.get("owner") for one in found]
    assert owners.count(None) == sum(bool(one.label) for one in PROGRAMS)


def test_the_rest_of_the_draft(run: Run) -> None:
    tables = run.tables
    assert {one["key"] for one in tables["products"]} == {"phone", "router"}
    assert {one["key"] for one in tables["projects"]} == set(FAMILIES)
    assert [one["items"] for one in tables["projects"]] == [
        [f"github:acme/{one['key']}-*"] for one in tables["projects"]
    ]
    assert {one["key"] for one in tables["teams"]} == {"phone", "ran"}
    beta = [one for one in tables["gates"] if one["name"] == "Beta"]
    assert [one["items"] for one in beta] == [[{"version": "github:acme/phone-*/Beta"}]]
    assert len({one["name"] for one in tables["people"]}) == len(tables["people"])
    assert "# 2 containers without a live item: github:acme/attic, jira:PEORE." in run.draft
    assert "acme/sandbox" in run.draft
    assert len(run.draft.splitlines()) < 250


def test_the_plan_counts_what_the_world_holds(run: Run) -> None:
    run.use()
    before = hashlib.sha256((run.cli.folder / "syncer.db").read_bytes()).digest()
    planned = run.cli.ok("plan", "--format", "json").json
    assert hashlib.sha256((run.cli.folder / "syncer.db").read_bytes()).digest() == before

    live, totals = _live(run.company), planned["totals"]
    truth = {
        number: {_uid(run.company, one) for one in members}
        for number, members in run.company.of_program.items()
    }
    sizes = Counter(one["items"] for one in planned["groups"] if one["scope"].startswith("prog:"))
    assert sizes == Counter(len(members) for members in truth.values())
    in_programs = set().union(*truth.values())
    families = tuple(f"github:acme/{name}-" for name in FAMILIES)
    grouped = {u for u, box in live.items() if box.startswith(families)} - in_programs
    left = len(live) - len(in_programs) - len(grouped)
    assert totals["items"] == len(live)
    assert (totals["unmapped"], totals["homeless"], totals["doubled"]) == (left, 0, 0)
    assert totals["moved"] == len(in_programs | grouped)
    assert sum(one["items"] for one in planned["unmapped"]) == left


def test_an_edited_configuration_is_short_and_tells_what_it_does(run: Run) -> None:
    run.use(EDITED, UNWANTED)
    assert "no fault in the configuration" in run.cli.ok("check").out
    planned = run.cli.ok("plan", "--format", "json").json
    assert run.lines() < 250

    live = _live(run.company)
    groups = {one["scope"]: one for one in planned["groups"]}
    tower = {_uid(run.company, one) for one in run.company.of_program[0]}
    operations = {uid for uid, box in live.items() if box.endswith("OP")} - tower
    assert groups["prog:operations"]["items"] == len(operations)
    others = {_uid(run.company, one) for n, m in run.company.of_program.items() if n for one in m}
    assert planned["totals"]["doubled"] == len(operations & others)
    doubled = sum(one["items"] for one in planned["doubled"])
    assert doubled == planned["totals"]["doubled"] > 0
    assert planned["totals"]["homeless"] == 0
    assert planned["empty"] == []


def test_the_plan_for_people_fits_a_screen_or_two(run: Run) -> None:
    run.use(EDITED, UNWANTED)
    out = run.cli.ok("plan").out
    lines = out.splitlines()
    assert lines[0].startswith(f"{len(_live(run.company))} items: projects ")
    assert "programs 0 → 13, products 0 → 2." in lines[0]
    assert len(lines) < 75
    assert max(map(len, lines)) < 200
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_after_the_next_sync_nothing_would_change(run: Run) -> None:
    """Every item is where the plan said: the figures of the roll-up are those of the plan."""
    run.use(EDITED, UNWANTED)
    planned = run.cli.ok("plan", "--format", "json").json
    run.cli.ok("sync", "--connection", "github")
    assert "Nothing would change." in run.cli.ok("plan").out
    homes = Counter(one["project"] for one in run.cli.ok("items", "--format", "jsonl").lines)
    shared = {key for one in planned["doubled"] for key in one["projects"]} - {"operations"}
    stay = [one for one in planned["projects"] if one["after"] and one["key"] not in shared]
    assert len(stay) > 200
    assert {one["key"]: homes[one["key"]] for one in stay} == {
        one["key"]: one["after"] for one in stay
    }


def test_the_company_is_as_large_as_it_is_said_to_be() -> None:
    assert (len(JIRA_KEYS), len(REPOSITORIES), len(PROGRAMS)) == (200, 40, 12)
    company = large_company()
    boxes = {company.world.item(one).initial.container for one in company.world.ids()}
    assert boxes | set(EMPTY) == {*JIRA_KEYS, *REPOSITORIES}
    assert 3_000 <= len(list(company.world.ids())) <= 5_000
    assert all(company.world.state(one, NOW) for one in company.world.ids())
