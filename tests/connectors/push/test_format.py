"""What each field of a pushed item becomes, and what is refused with the name of its field."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.push.reading import read
from connectors.push.wire import PushedDelivery
from scripts.write_push_schema import document
from syncer.connect.protocol import Carried, HookRequest
from syncer.domain.item import ItemKind, ResolutionKind, StatusCategory, WorkItem
from syncer.domain.link import LinkKind
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import BadPayload
from tests.connectors.push.plant import HOUR, NOON, Json, at, item, push


def request(body: Json | bytes) -> HookRequest:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return HookRequest(method="POST", url="", headers={}, body=raw, received_at=NOON)


def carried(*items: Json, **more: Any) -> Carried:
    return read("plant", request(push(*items, **more))).carried


def only(**more: Any) -> WorkItem:
    [found] = carried(item(**more)).records
    return found.item


def why(**more: Any) -> str:
    """Why an item with this is set aside."""
    [fault] = read("plant", request(push(item(**more)))).faults
    return fault.why


def test_the_least_that_must_be_there_is_an_item() -> None:
    found = only()
    assert found.ref == ItemRef("plant", "1001")
    assert found.container == ContainerKey("plant", "line-2")
    assert (found.key, found.title, found.native_status) == ("1001", "Order 1001", "TODO")
    assert found.updated_at == NOON - HOUR
    assert found.status_category is StatusCategory.TODO
    assert not found.history_complete


def test_every_field_has_its_meaning() -> None:
    found = only(
        key="L2-1",
        url="https://plant.example.com/1",
        body="First\r\nsecond",
        type="Work order",
        kind="epic",
        status="Ended",
        status_category="DONE",
        flagged=True,
        priority=0,
        must_have=True,
        restricted=True,
        labels=["prog:5g", "prog:5g", " "],
        customers=["Acme"],
        fix_versions=[{"name": "2.0", "due": "2026-12-01"}],
        assignees=[{"id": "kari", "name": "Kari"}, {"id": "robot", "bot": True}],
        parent="900",
        links=[
            {"kind": "blocks", "to": "1002", "inward": True},
            {"kind": "mirrors", "to": "https://github.com/acme/ran/issues/7"},
        ],
        estimate=3,
        estimate_unit="points",
        due_date="2026-12-04",
        started_at="2026-11-20T08:00:00+01:00",
        done_at="2026-11-23T08:00:00+01:00",
        custom={"Program": "5G"},
    )
    assert (found.key, found.body, found.kind) == ("L2-1", "First\nsecond", ItemKind.EPIC)
    assert (found.hierarchy_level, found.priority, found.estimate) == (1, 0, 3.0)
    assert found.resolution_kind is ResolutionKind.DELIVERED
    assert found.labels == ("prog:5g",)
    assert [one.due for one in found.fix_versions] == [date(2026, 12, 1)]
    assert [(one.id, one.name, one.bot) for one in found.assignees] == [
        ("kari", "Kari", False),
        ("robot", "robot", True),
    ]
    assert found.parent == ItemRef("plant", "900")
    blocked, mirror = found.links
    assert (blocked.kind, blocked.to.uid, blocked.inward) == (
        LinkKind.BLOCKS,
        "plant:1002",
        True,
    )
    assert (mirror.kind, mirror.to.id) == (
        LinkKind.MIRRORS,
        "https://github.com/acme/ran/issues/7",
    )
    assert found.started_at == datetime(2026, 11, 20, 7, tzinfo=UTC)
    assert found.done_at == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert found.restricted
    assert found.must_have
    assert found.custom == {"Program": "5G"}


def test_a_history_tells_when_work_began_and_ended() -> None:
    day = timedelta(days=1)
    moves = [("IN_PROGRESS", "DONE", NOON - day), ("TODO", "IN_PROGRESS", NOON - 3 * day)]
    changes = [
        {"at": at(when), "field": "status", "before": before, "after": after, "by": "Kari"}
        for before, after, when in moves
    ]
    found = only(status_category="DONE", changes=changes, history_complete=True)
    assert (found.started_at, found.done_at) == (NOON - 3 * day, NOON - day)
    [record] = carried(item(status_category="DONE", changes=changes)).records
    assert [change.after for change in record.changes] == ["IN_PROGRESS", "DONE"]
    assert record.changes[0].actor == "Kari"


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"title": ""}, "title: "),
        ({"title": " \u202e "}, "title: holds nothing"),
        ({"title": None}, "title: "),
        ({"id": "a b"}, "id: "),
        ({"id": 17}, "id: "),
        ({"id": "x" * 201}, "id: "),
        ({"id": "x\x00"}, "id: "),
        ({"status_category": "Doing"}, "status_category: "),
        ({"status_category": "done"}, "status_category: "),
        ({"updated_at": 1700000000}, "updated_at: no instant"),
        ({"updated_at": "1700000000"}, "updated_at: no instant"),
        ({"updated_at": "2026-11-23"}, "updated_at: no instant"),
        ({"updated_at": "2026-11-23T10:00:00"}, "updated_at: no instant"),
        ({"updated_at": "2026-13-23T10:00:00Z"}, "updated_at: "),
        ({"updated_at": at(NOON + HOUR)}, "updated_at: lies after as_of"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "created_at: lies beyond the calendar"),
        ({"started_at": "9999-12-31T23:59:59-14:00"}, "started_at: lies beyond the calendar"),
        ({"created_at": at(NOON)}, "created_at: lies after updated_at"),
        ({"due_date": "04.12.2026"}, "due_date: no date"),
        ({"due_date": "2026-02-30"}, "due_date: "),
        ({"due_date": 20261204}, "due_date: no date"),
        ({"done_at": at(NOON - HOUR)}, "done_at: is told"),
        ({"priority": 5}, "priority: "),
        ({"priority": "1"}, "priority: "),
        ({"priority": True}, "priority: "),
        ({"flagged": "yes"}, "flagged: "),
        ({"labels": "prog:5g"}, "labels: "),
        ({"labels": ["a", 1]}, "labels[1]: "),
        ({"labels": ["a"] * 101}, "labels: "),
        ({"url": "javascript:alert(1)"}, "url: "),
        ({"links": [{"kind": "blocks", "to": "a b"}]}, "links[0].to: neither"),
        ({"links": [{"kind": "likes", "to": "2"}]}, "links[0].kind: "),
        ({"links": [{"kind": "blocks", "to": "1001"}]}, "links[0].to: is the item itself"),
        ({"links": [{"kind": "blocks"}]}, "links[0].to: must be there"),
        ({"parent": "1001"}, "parent: is the item itself"),
        ({"assignees": [{"name": "Kari"}]}, "assignees[0].id: must be there"),
        ({"assignee": []}, "assignee: unknown field, did you mean assignees?"),
        ({"custom": {"a": {"b": 1}}}, "custom.a: "),
        ({"estimate": -1}, "estimate: "),
        ({"estimate": "3"}, "estimate: "),
        ({"changes": [{"at": at(NOON), "field": "status"}]}, "changes[0].at: "),
        (
            {"changes": [{"at": at(NOON - HOUR), "field": "status", "after": "Doing"}]},
            "changes[0].after: one of CANCELLED",
        ),
        (
            {"changes": [{"at": at(NOON - HOUR), "field": "due", "before": "soon"}]},
            "changes[0].before: no date",
        ),
        ({"changes": [{"at": at(NOON - HOUR), "field": "rank"}]}, "changes[0].field: "),
    ],
)
def test_what_is_wrong_names_its_field(more: Json, word: str) -> None:
    assert why(**more).startswith(word)


def test_several_faults_are_all_named() -> None:
    told = why(priority=9, flagged=1, due_date="soon")
    assert [part.partition(":")[0] for part in told.split("; ")] == [
        "flagged",
        "priority",
        "due_date",
    ]


@pytest.mark.parametrize("odd", [None, 7, "text", [], ["id", "1"]])
def test_what_is_no_item_is_set_aside_alone(odd: Any) -> None:
    reading = read("plant", request(push(item("1"), odd, item("2"))))
    assert [one.item.ref.id for one in reading.carried.records] == ["1", "2"]
    assert [(one.place, one.id) for one in reading.faults] == [("items[1]", "")]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "the body is no JSON object"),
        (b"[]", "the body is no JSON object"),
        (b'"' + b"," * 200_000 + b'"', "the body is no JSON object"),
        (b"[" * 100_000, "the body is no JSON object"),
        ({}, "container: must be there; as_of: must be there"),
        ({"container": "a*", "as_of": at(NOON)}, "container: "),
        ({"container": "a", "as_of": "today"}, "as_of: no instant"),
        (push(as_of=NOON + HOUR), "as_of: lies in the future"),
        (push(present=["1"]), "present: belongs to an inventory"),
        (push(delete=["1"]), "delete: unknown field, did you mean deleted?"),
        (push(complete="true"), "complete: "),
        ({**push(), "items": {"id": "1"}}, "items: "),
        (push(deleted=[17]), "deleted[0]: "),
        (push(*[item()] * 5001), "items: "),
        (push(complete=True, present=[1] * 70_000), "present[0]: "),
    ],
)
def test_an_envelope_that_cannot_be_read_names_its_field(body: Json | bytes, word: str) -> None:
    with pytest.raises(BadPayload) as found:
        read("plant", request(body))
    assert found.value.message.startswith(word)


def test_an_id_that_is_told_and_deleted_at_once_does_neither() -> None:
    reading = read("plant", request(push(item("1"), deleted=["1", "2"])))
    assert [one.why for one in reading.faults] == ["id: stands under deleted too"]
    assert [ref.id for ref in reading.carried.deleted] == ["2"]


def test_the_schema_in_the_documentation_is_made_of_the_code(root: Path) -> None:
    page = (root / "docs" / "push-schema.json").read_text(encoding="utf-8")
    assert page == document(), "run scripts/write_push_schema.py"


def test_the_schema_describes_every_field() -> None:
    shapes = [PushedDelivery.model_json_schema()]
    shapes += [one for one in shapes[0]["$defs"].values() if "properties" in one]
    bare = [
        f"{shape['title']}.{name}"
        for shape in shapes
        for name, field in shape["properties"].items()
        if not field.get("description")
    ]
    assert bare == []
    assert all(shape["additionalProperties"] is False for shape in shapes)
