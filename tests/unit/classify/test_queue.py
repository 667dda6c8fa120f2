"""The review queue: who is in it, and in which order."""

from __future__ import annotations

from datetime import date
from typing import Any

from syncer.classify.queue import review_queue
from syncer.domain.item import StatusCategory, WorkItem
from syncer.domain.link import Link, LinkKind
from syncer.domain.verdict import Verdict, VerdictLevel
from tests.store.samples import item


def _verdict(**more: Any) -> Verdict:
    given: dict[str, Any] = {
        "level": VerdictLevel.UNCLASSIFIED,
        "leaning": VerdictLevel.PRODUCT,
        "confidence": 0.6,
        "decided_by": "none",
    }
    return Verdict(**(given | more))


def _keys(*items: WorkItem, **verdicts: Verdict) -> list[str]:
    found = {one.uid: verdicts.get(one.key.replace("-", ""), _verdict()) for one in items}
    return [one.item.key for one in review_queue(items, found)]


def test_only_what_nothing_decides_waits() -> None:
    said = _verdict(decided_by="override", confidence=1.0)
    sure = _verdict(level=VerdictLevel.PROGRAM, decided_by="evidence", confidence=0.9)

    assert _keys(item(1), item(2), item(3), NET2=said, NET3=sure) == ["NET-1"]


def test_an_item_without_a_verdict_does_not_wait() -> None:
    assert review_queue([item(1)], {}) == []


def test_what_hangs_on_the_answer_comes_first_and_ended_work_last() -> None:
    epic = item(1)
    story, task = item(2, parent=epic.ref), item(3, parent=item(2).ref)
    blocker = item(4, links=(Link(kind=LinkKind.BLOCKS, to=epic.ref),))
    ended = item(5, status_category=StatusCategory.DONE, links=blocker.links)
    due = item(6, due_date=date(2026, 12, 1))

    assert _keys(ended, due, blocker, task, story, epic) == [
        "NET-1",  # two below
        "NET-2",  # one below
        "NET-4",  # blocks one
        "NET-6",  # due
        "NET-3",
        "NET-5",  # over
    ]


def test_the_least_sure_comes_first_among_equals() -> None:
    assert _keys(item(1), item(2), NET1=_verdict(confidence=0.69)) == ["NET-2", "NET-1"]


def test_a_link_counts_once_from_whichever_end_it_is_told() -> None:
    first = item(1, links=(Link(kind=LinkKind.BLOCKS, to=item(2).ref),))
    second = item(2, links=(Link(kind=LinkKind.BLOCKS, to=first.ref, inward=True),))

    queue = review_queue([first, second], {one.uid: _verdict() for one in (first, second)})

    assert [one.blocks for one in queue] == [1, 0]


def test_a_circle_of_parents_ends() -> None:
    first = item(1, parent=item(2).ref)

    assert _keys(first, item(2, parent=first.ref)) == ["NET-1", "NET-2"]
