from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from syncer.clock import FixedClock
from syncer.connect.fresh import FreshRows
from syncer.connect.times import epoch_ms, utc_instant
from syncer.connect.walk import Mark, Walk

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def row(number: int, second: int) -> dict[str, Any]:
    return {"id": number, "at": (NOON + timedelta(seconds=second)).isoformat()}


def taking() -> tuple[Walk, FreshRows]:
    walk = Walk(mark=Mark.of(None), overlap_ms=60_000, overlap_items=5)
    fresh = FreshRows(
        walk,
        FixedClock(NOON + timedelta(hours=1)),
        changed=lambda one: utc_instant(one["at"]) if "at" in one else None,
        version=lambda one: (one["id"], one["at"]) if "at" in one else None,
    )
    return walk, fresh


def test_what_the_page_before_showed_in_the_same_state_is_left_out() -> None:
    _, fresh = taking()
    first = fresh.take([row(1, 0), row(2, 1)], token="a", date="", asked_at=NOON)
    second = fresh.take([row(2, 1), row(2, 2), row(3, 2)], token=None, date="", asked_at=NOON)
    assert [one["id"] for one in first.rows] == [1, 2]
    assert second.rows == (row(2, 2), row(3, 2))


def test_what_tells_no_version_is_never_left_out_nor_costs_the_page() -> None:
    walk, fresh = taking()
    odd: list[dict[str, Any]] = [{"id": 7}, {"id": 8, "at": "yesterday"}]
    for _ in range(2):
        page = fresh.take([{"id": 7}, row(1, 0)], token="a", date="", asked_at=NOON)
        assert {"id": 7} in page.rows
    last = fresh.take([*odd, row(1, 5)], token=None, date="", asked_at=NOON)
    assert last.rows == (*odd, row(1, 5))
    assert last.mark.watermark == walk.mark.watermark == epoch_ms(NOON) + 5000


def test_by_the_answers_own_date_a_change_lies_in_the_future() -> None:
    walk, fresh = taking()
    date = "Mon, 02 Nov 2026 12:00:00 GMT"
    fresh.take([row(1, 0), row(2, 3600)], token=None, date=date, asked_at=NOON)
    assert walk.mark.watermark is not None
    assert walk.mark.watermark <= epoch_ms(NOON) + 60_000
