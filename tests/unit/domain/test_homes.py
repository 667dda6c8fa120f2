from __future__ import annotations

from syncer.domain.homes import by_key
from tests.unit.rollup.builders import make_item


def test_people_count_ten_after_two_and_a_number_beyond_all_bounds_still_sorts() -> None:
    endless = f"NET-{'9' * 5000}"
    items = [make_item(key) for key in ("NET-10", "NET-2", endless)]

    assert [item.key for item in sorted(items, key=by_key)] == [endless, "NET-2", "NET-10"]
