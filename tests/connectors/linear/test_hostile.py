"""Whatever stands in an answer, one item is read or set aside, and nothing else happens."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.linear.mapping.issue import record_of
from connectors.linear.mapping.names import Names
from connectors.linear.mapping.project import Workspace, project_record, report_of
from connectors.linear.mapping.site import Kind, Site
from connectors.linear.wire import Issue, Project
from syncer.connect.unreadable import Unmappable
from syncer.domain.ref import ContainerKey
from tests.connectors.linear.small_linear import config_for

SITE = Site(
    connection="li", web_url="https://linear.app", rules=config_for("https://linear.app").rules()
)
ACME = Workspace("acme")
LEAF = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False)
    | st.text(max_size=30)
    | st.sampled_from(["2026-11-23T12:00:00.000Z", "2026-11-23", "9999-12-31", "0001-01-01", "x-1"])
)
JSON = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
TIME = st.sampled_from(
    ["2026-11-23T12:00:00.000Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "soon"]
)
MOSTLY = st.sampled_from(
    [*["2026-11-23T12:00:00.000Z", "9999-12-31T23:59:59-12:00"] * 9, None, "soon"]
)
TEXT = st.none() | st.text(max_size=20)
USER = st.none() | st.fixed_dictionaries({"id": TEXT, "displayName": TEXT, "name": TEXT})
OTHER = st.none() | st.fixed_dictionaries(
    {"id": st.text(min_size=1, max_size=9), "identifier": TEXT, "slugId": TEXT}
)
PAGE = st.none() | st.fixed_dictionaries(
    {"nodes": st.none() | st.lists(st.none() | st.fixed_dictionaries({"name": TEXT, "url": TEXT}))}
)
RELATIONS = st.none() | st.fixed_dictionaries(
    {
        "nodes": st.lists(
            st.fixed_dictionaries(
                {
                    "type": st.sampled_from(["blocks", "related", "duplicate", "similar", "moon"]),
                    "createdAt": st.none() | MOSTLY,
                    "issue": OTHER,
                    "relatedIssue": OTHER,
                    "project": OTHER,
                    "relatedProject": OTHER,
                }
            ),
            max_size=2,
        )
    }
)
HISTORY = st.fixed_dictionaries(
    {
        "nodes": st.lists(
            st.fixed_dictionaries(
                {
                    "id": st.text(min_size=1, max_size=5),
                    "createdAt": TIME,
                    "fromStateId": TEXT,
                    "toStateId": TEXT,
                    "toAssigneeId": TEXT,
                    "toDueDate": st.none() | TIME | st.just("2026-12-01"),
                    "toEstimate": st.none() | st.floats(allow_nan=False),
                    "toTitle": TEXT,
                    "addedLabelIds": st.none() | st.lists(st.text(max_size=4), max_size=2),
                }
            ),
            max_size=3,
        )
    }
)
SHARED = {
    "id": st.sampled_from([*["9cfb482a-81e3-4154-b5b9-2c805e70a02d"] * 9, "", "a b"]),
    "createdAt": MOSTLY,
    "updatedAt": MOSTLY,
    "completedAt": st.none() | MOSTLY,
    "description": st.none() | st.text(max_size=200),
    "url": TEXT,
    "priority": st.none() | st.floats(allow_nan=False),
    "creator": USER,
    "labels": PAGE,
    "relations": RELATIONS,
    "inverseRelations": RELATIONS,
    "trashed": st.none() | st.booleans(),
}
NAMED = st.none() | st.fixed_dictionaries({"name": TEXT, "type": TEXT})
ISSUES = st.fixed_dictionaries(
    {
        **SHARED,
        "identifier": st.sampled_from([*["RAN-1"] * 9, "", "\u202e"]),
        "title": TEXT,
        "state": NAMED,
        "team": st.fixed_dictionaries(
            {"key": st.sampled_from([*["RAN"] * 9, None, "a b"]), "timezone": TEXT}
        ),
        "dueDate": st.none() | MOSTLY,
        "assignee": USER,
        "parent": OTHER,
        "project": OTHER,
        "cycle": st.none() | st.fixed_dictionaries({"name": TEXT, "endsAt": MOSTLY}),
        "projectMilestone": st.none()
        | st.fixed_dictionaries({"name": TEXT, "targetDate": st.none() | MOSTLY}),
        "attachments": PAGE,
        "history": HISTORY,
    }
)
PROJECTS = st.fixed_dictionaries(
    {
        **SHARED,
        "slugId": st.sampled_from([*["0f3a9c"] * 9, "", "a b"]),
        "name": TEXT,
        "status": NAMED | TEXT,
        "startDate": st.none() | MOSTLY,
        "targetDate": st.none() | st.sampled_from(["0001-01-01", "9999-12-31"]),
        "targetDateResolution": st.sampled_from(["month", "year", "halfYear", "moon", None]),
        "initiatives": st.none() | st.fixed_dictionaries({"nodes": st.lists(OTHER, max_size=3)}),
        "parentInitiative": OTHER,
        "lastUpdate": st.none()
        | st.fixed_dictionaries({"id": st.text(min_size=1, max_size=4), "createdAt": TIME}),
    }
)


def spoilt(row: dict[str, Any], name: str, value: object) -> Any:
    """A row as it comes over the wire, with one field that holds anything."""
    return orjson.loads(orjson.dumps({**row, name: value}, option=orjson.OPT_NON_STR_KEYS))


@settings(max_examples=40)
@given(ISSUES, st.sampled_from(sorted({*SHARED, "state", "team", "history", "cycle"})), JSON)
def test_an_issue_is_read_or_set_aside(row: dict[str, Any], name: str, value: object) -> None:
    for raw in (spoilt(row, "more", value), spoilt(row, name, value)):
        try:
            issue = msgspec.convert(raw, Issue)
            item = record_of(issue, workspace="acme", names=Names(), site=SITE).item
        except (msgspec.ValidationError, Unmappable):
            continue
        assert item.ref.id == raw["id"]
        assert item.container == ContainerKey("li", raw["team"]["key"])
        assert item.title.isprintable() or not item.title.isascii()


@settings(max_examples=40)
@given(PROJECTS, st.sampled_from(sorted({*SHARED, "status", "initiatives"})), JSON)
def test_a_project_is_read_or_set_aside(row: dict[str, Any], name: str, value: object) -> None:
    for raw in (spoilt(row, "more", value), spoilt(row, name, value)):
        for kind in (Kind.PROJECT, Kind.INITIATIVE):
            try:
                project = msgspec.convert(raw, Project)
                item = project_record(project, kind, workspace=ACME, site=SITE).item
                report_of(project, kind, workspace=ACME, site=SITE)
            except (msgspec.ValidationError, Unmappable):
                continue
            assert (item.ref.id, item.container.key) == (raw["id"], "acme")
