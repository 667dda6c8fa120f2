"""Rules about reading a container: to its end, again, and from where a pass was left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from syncer.connect.testing.adapter import Adapter
from syncer.connect.testing.lab import Lab, Reading, lab_of, machine_zone
from syncer.connect.testing.rules.rule import Rule, require, require_once, require_same
from syncer.connect.testing.server import RecordedRequest
from syncer.domain.cursor import Cursor
from syncer.errors import CursorExpired, SyncerError

_MANY: Final = 14
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
_ZONES: Final = ("Pacific/Pago_Pago", "Pacific/Kiritimati", "Europe/Berlin")
_CLOCKS_GO_BACK: Final = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
"""Ten minutes before 03:00 becomes 02:00 in Berlin."""


def _require_state(lab: Lab, reading: Reading, item_id: str) -> None:
    record = reading.records.get(item_id)
    require(record, f"{item_id} was not brought")
    if record:
        told, true = record.item.title, lab.state(item_id).title
        require(told == true, f"{item_id} was brought as {told!r}, not as {true!r}")


async def pages_to_the_end(adapter: Adapter) -> None:
    """All items of several pages, of this container alone; an empty one leaves a cursor."""
    async with lab_of(adapter) as lab:
        empty = await lab.read()
        require(empty.cursor, "an empty container gives no cursor to go on from")
        require(not empty.records, "an empty container has no items")
        ids = lab.fill(_MANY)
        ids += lab.also(lab.add(abroad=True))
        reading = await lab.read()
        require_same(reading.records, ids, "a first reading")
        for item_id in ids:
            _require_state(lab, reading, item_id)
        wrong = [r.item.key for r in reading.records.values() if r.item.container != lab.home]
        require(not wrong, f"placed in another container: {wrong}")


async def pages_under_drift(adapter: Adapter) -> None:
    """Items that change or vanish while pages are read push no other one out of sight."""
    async with lab_of(adapter) as lab:
        ids = lab.fill(_MANY)
        changing, vanishing = ids[:5], ids[5]

        def drift(_request: RecordedRequest) -> None:
            lab.clock.pass_by(_SECOND)
            if changing:
                lab.edit(changing.pop(0), title="Changed meanwhile")
            elif not lab.state(vanishing).deleted:
                lab.world.delete(vanishing, lab.clock.now())

        lab.tracker.server.on_request.append(drift)
        first = await lab.read()
        lab.tracker.server.on_request.remove(drift)
        lab.clock.pass_by(timedelta(minutes=1))
        second = await lab.read(first.cursor)
        both = Reading((*first.pages, *second.pages))
        require({*ids} - {vanishing} <= {*both.records}, _lost(ids, vanishing, both))
        for item_id in ids[:5]:
            _require_state(lab, both, item_id)


def _lost(ids: list[str], vanishing: str, both: Reading) -> str:
    lost = sorted({*ids} - {vanishing} - {*both.records})
    return f"lost while others changed: {', '.join(lost)}"


async def incremental_without_loss(adapter: Adapter) -> None:
    """What changes in the very second that was read last is brought by the next pass."""
    async with lab_of(adapter) as lab:
        ids = lab.fill(3)
        cursor = (await lab.read()).cursor
        for turn in range(4):
            first, second = ids[turn % 3], ids[(turn + 1) % 3]
            lab.clock.pass_by(timedelta(minutes=40))
            lab.clock.instant = lab.clock.instant.replace(microsecond=200_000)
            lab.edit(first, title=f"Early in second {turn}")
            reading = await lab.read(cursor)
            _require_state(lab, reading, first)
            lab.clock.pass_by(timedelta(milliseconds=500))
            lab.edit(second, title=f"Late in second {turn}")
            new = lab.add(title=f"New in second {turn}")
            lab.clock.pass_by(_SECOND)
            again = await lab.read(reading.cursor)
            _require_state(lab, again, second)
            _require_state(lab, again, new)
            cursor = again.cursor


async def incremental_is_small(adapter: Adapter) -> None:
    """A pass after one change reads what changed and a bounded overlap, not everything."""
    async with lab_of(adapter, page=20) as lab:
        ids = lab.fill(60)
        cursor = (await lab.read()).cursor
        lab.clock.pass_by(_DAY)
        lab.edit(ids[3], title="Changed")
        cursor = (await lab.read(cursor)).cursor
        lab.clock.pass_by(_DAY)
        lab.edit(ids[7], title="Changed")
        reading = await lab.read(cursor)
        _require_state(lab, reading, ids[7])
        count = len(reading.records)
        require(count <= 1 + len(ids) // 2, f"{count} items read again where one changed")


async def equal_timestamps(adapter: Adapter) -> None:
    """Items that changed in one second, more than a page of them, are all read, in any pass."""
    async with lab_of(adapter) as lab:
        begin = lab.clock.now() - _DAY
        ids = [lab.add(at=begin + timedelta(milliseconds=n * 37)) for n in range(_MANY)]
        first = await lab.read()
        require_same(first.records, ids, "items created in one second")
        lab.clock.pass_by(timedelta(hours=3))
        for item_id in ids:
            lab.edit(item_id, title="Changed in bulk")
        lab.clock.pass_by(_SECOND)
        second = await lab.read(first.cursor)
        require_same(second.records, ids, "items changed in one second")
        for item_id in ids:
            _require_state(lab, second, item_id)


async def resumes_at_any_page(adapter: Adapter) -> None:
    """A pass that is left after any page and taken up from its cursor misses nothing."""
    async with lab_of(adapter) as lab:
        ids = lab.fill(_MANY)
        for number in range(1, len((await lab.read()).pages) + 1):
            lab.connector = lab.connect()
            left = await lab.read(most_pages=number)
            lab.connector = lab.connect()
            rest = await lab.read(left.cursor)
            told = {*left.records, *rest.records}
            require_same(told, ids, f"a pass left after page {number}")


async def cursors_of_others_expire(adapter: Adapter) -> None:
    """A cursor that is none of the connector's own is `CursorExpired`, never a start anywhere."""
    async with lab_of(adapter) as lab:
        lab.fill(2)
        for text in ("", "rubbish", "null", "[]", "{}", '{"v": 4711}', "\x00"):
            try:
                await lab.read(Cursor(text))
            except CursorExpired:
                continue
            require(False, f"the cursor {text!r} was taken")  # noqa: FBT003  it was not refused


async def time_zones(adapter: Adapter) -> None:
    """The account's zone, the machine's zone and a change of clocks lose and shift nothing."""
    for account, machine in zip(_ZONES, reversed(_ZONES), strict=True):
        with machine_zone(machine):
            await _one_night(adapter, account)


async def _one_night(adapter: Adapter, zone: str) -> None:
    async with lab_of(adapter, zone=zone, at=_CLOCKS_GO_BACK) as lab:
        ids = [lab.add() for _ in range(3)]
        cursor = (await lab.read()).cursor
        for turn in range(6):
            lab.clock.pass_by(timedelta(minutes=13))
            lab.edit(ids[turn % 3], title=f"At {lab.clock.now():%H:%M} UTC")
            lab.clock.pass_by(timedelta(minutes=12))
            reading = await lab.read(cursor)
            _require_state(lab, reading, ids[turn % 3])
            _require_instants(lab, reading)
            cursor = reading.cursor


def _require_instants(lab: Lab, reading: Reading) -> None:
    for id_, record in reading.records.items():
        item = record.item
        made, touched = lab.world.item(id_).created_at, lab.world.updated_at(id_, lab.clock.now())
        for told, true, what in (
            (item.created_at, made, "created"),
            (item.updated_at, touched, "updated"),
        ):
            require(told.utcoffset() == timedelta(), f"{what} of {id_} is not in UTC")
            require(abs(told - true) < _SECOND, f"{id_} was {what} at {true}, not at {told}")


async def trusts_no_clock(adapter: Adapter) -> None:
    """Our own clock, a day early or late, decides nothing about what is read."""
    for skew in (_DAY, -_DAY):
        async with lab_of(adapter, skew=skew) as lab:
            ids = lab.fill(_MANY)
            first = await lab.read()
            require_same(first.records, ids, f"a first reading by a clock off by {skew}")
            lab.clock.pass_by(timedelta(hours=1))
            lab.edit(ids[0], title="Changed")
            lab.clock.pass_by(timedelta(minutes=30))
            reading = await lab.read(first.cursor)
            _require_state(lab, reading, ids[0])


async def inventory_is_whole(adapter: Adapter) -> None:
    """A census names every visible item of its container, and no other, once."""
    async with lab_of(adapter) as lab:
        ids = lab.fill(_MANY)
        other = lab.also(lab.add(abroad=True))
        lab.world.delete(ids[2], lab.clock.now())
        lab.world.hide(ids[3], lab.clock.now())
        there = [one for one in ids if one not in ids[2:4]]
        require_once(await lab.inventory(), [*there, *other], "a census")


async def census_under_drift(adapter: Adapter) -> None:
    """Items that come and go during a census hide no other one from it, or it fails."""
    async with lab_of(adapter) as lab:
        ids = lab.fill(_MANY)
        going = ids[:3]

        def drift(_request: RecordedRequest) -> None:
            lab.clock.pass_by(_SECOND)
            if going:
                lab.world.delete(going.pop(0), lab.clock.now())

        lab.tracker.server.on_request.append(drift)
        try:
            told = await lab.inventory()
        except SyncerError:
            return
        lost = sorted({*ids[3:]} - {*told})
        require(not lost, f"a census missed what was there all the time: {', '.join(lost)}")


RULES: Final = (
    Rule(id="pages_to_the_end", says="reads every page to the end", check=pages_to_the_end),
    Rule(
        id="pages_under_drift",
        says="loses nothing that others push about while pages are read",
        check=pages_under_drift,
    ),
    Rule(
        id="incremental_without_loss",
        says="finds what changed in the second that was read last",
        check=incremental_without_loss,
        needs="incremental",
    ),
    Rule(
        id="incremental_is_small",
        says="reads again only what changed and a bounded overlap",
        check=incremental_is_small,
        needs="incremental",
    ),
    Rule(
        id="equal_timestamps",
        says="reads more items of one second than a page holds",
        check=equal_timestamps,
    ),
    Rule(
        id="resumes_at_any_page",
        says="goes on from the cursor of any page",
        check=resumes_at_any_page,
    ),
    Rule(
        id="cursors_of_others_expire",
        says="refuses a cursor that is not its own",
        check=cursors_of_others_expire,
    ),
    Rule(
        id="time_zones",
        says="tells instants in UTC, whatever zone account and machine are in",
        check=time_zones,
    ),
    Rule(
        id="trusts_no_clock",
        says="asks by the tracker's clock, not by ours",
        check=trusts_no_clock,
    ),
    Rule(
        id="inventory_is_whole",
        says="names every item of a container once in a census",
        check=inventory_is_whole,
    ),
    Rule(
        id="census_under_drift",
        says="misses nothing in a census from which other items vanish",
        check=census_under_drift,
    ),
)
