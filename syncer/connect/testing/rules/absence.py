"""Rules about what is not there: deleted, moved, hidden, refused, limited or broken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from syncer.connect.protocol import Fetched
from syncer.connect.testing.adapter import CONNECTION, Adapter, Limit
from syncer.connect.testing.lab import Lab, lab_of
from syncer.connect.testing.rules.rule import Rule, require, require_same
from syncer.connect.testing.server import (
    Fault,
    answer,
    login_page,
    rate_limited,
    truncated_json,
)
from syncer.domain.ref import ItemRef
from syncer.errors import RateLimited, SyncerError

_HOUR: Final = timedelta(hours=1)
_SHORT: Final = timedelta(seconds=7)
_LONG: Final = timedelta(minutes=9)
_OUTAGES: Final[Mapping[str, Fault]] = {
    "400": answer(400, body='{"message": "no"}'),
    "403": answer(403, body='{"message": "no"}'),
    "404": answer(404, body='{"message": "no"}'),
    "410": answer(410, body='{"message": "no"}'),
    "500": answer(500),
    "a login page": login_page(),
    "half an answer": truncated_json(),
    "another shape": answer(200, body="{}"),
}
_MIDWAY: Final = ("404", "half an answer", "another shape")
_RUBBISH: Final[Sequence[object]] = (7, None, "row", [])
_HOSTILE: Final = ("", "0", "-1", "../../admin", "x" * 3000, "1 OR 1=1", "a\r\nb", "\x00", "%2e%2e")


def _outcomes(fetched: Fetched) -> list[ItemRef]:
    """Everything that was said, by the refs that were asked for."""
    came_as = {new: old for old, new in fetched.moved.items()}
    records = [came_as.get(r.item.ref, r.item.ref) for r in fetched.records]
    broken = [u.ref for u in fetched.unreadable]
    return [*records, *broken, *fetched.gone, *fetched.hidden]


async def probe_names_what_it_sees(adapter: Adapter) -> None:
    """A probe says who the account is and names the containers, and finds nothing fatal."""
    async with lab_of(adapter) as lab:
        identity = await lab.connector.probe()
        require(identity.account, "the probe does not name the account")
        require(identity.server, "the probe does not name the server")
        keys = [c.key for c in identity.containers]
        require_same([k.key for k in keys], [lab.home.key, lab.abroad.key], "containers")
        require(all(k.connection == CONNECTION for k in keys), "a container of another connection")
        fatal = [f.message for f in identity.findings if f.fatal]
        require(not fatal, f"fatal findings at a sound tracker: {fatal}")


async def deleted(adapter: Adapter) -> None:
    """What was deleted is gone or out of sight, never a record, and no census names it.

    Nor does a list of changes tell of another deletion.
    """
    async with lab_of(adapter) as lab:
        kept, dropped = lab.fill(2)
        refs = [lab.ref(kept), lab.ref(dropped)]
        cursor = (await lab.read()).cursor
        lab.clock.pass_by(_HOUR)
        lab.world.delete(dropped, lab.clock.now())
        told = {ref for page in (await lab.read(cursor)).pages for ref in page.gone}
        require(told <= {refs[1]}, f"told as deleted among the changes: {told}")
        fetched = await lab.connector.fetch(refs)
        require_same([r.item.ref.id for r in fetched.records], [kept], "records after a deletion")
        if adapter.connector_type.capabilities.reports_deletions:
            require(fetched.gone == (refs[1],), "the deleted item was not told as gone")
        else:
            absent = (*fetched.gone, *fetched.hidden)
            require(absent == (refs[1],), "nothing was said of the deleted item")
        require_same(await lab.inventory(), [kept], "a census after a deletion")


async def hidden_is_not_deleted(adapter: Adapter) -> None:
    """What the account may not see any more is hidden, never gone; it may come back."""
    async with lab_of(adapter) as lab:
        kept, secret = lab.fill(2)
        refs = [lab.ref(kept), lab.ref(secret)]
        cursor = (await lab.read()).cursor
        lab.clock.pass_by(_HOUR)
        lab.world.hide(secret, lab.clock.now())
        told = [ref for page in (await lab.read(cursor)).pages for ref in page.gone]
        require(not told, "a lost permission was told as a deletion among the changes")
        fetched = await lab.connector.fetch(refs)
        require(not fetched.gone, "a lost permission was taken for a deletion")
        require(fetched.hidden == (refs[1],), "the hidden item was not told as hidden")
        require_same([r.item.ref.id for r in fetched.records], [kept], "records beside it")
        lab.clock.pass_by(_HOUR)
        lab.world.reveal(secret, lab.clock.now())
        again = await lab.connector.fetch(refs)
        require_same([r.item.ref.id for r in again.records], [kept, secret], "after it came back")


async def moved_keeps_identity(adapter: Adapter) -> None:
    """An item that moves has another key and container and stays the same item."""
    async with lab_of(adapter) as lab:
        kept, mover = lab.fill(2)
        ref = lab.ref(mover)
        await lab.read()
        lab.clock.pass_by(_HOUR)
        key = lab.move(mover)
        fetched = await lab.connector.fetch([ref])
        now = fetched.moved.get(ref, ref)
        require([r.item.ref for r in fetched.records] == [now], "it did not come by its old ref")
        item = fetched.records[0].item
        require(item.key == key, f"its key is {item.key!r}, not {key!r}")
        require(item.container == lab.abroad, f"it lies in {item.container}, not {lab.abroad}")
        require(not (fetched.gone or fetched.hidden), "a move was taken for a disappearance")
        left, arrived = [kept, *lab.also(now.id)], [now.id, *lab.also(kept)]
        require_same(await lab.inventory(), left, "the census that it left")
        require_same(await lab.inventory(lab.abroad), arrived, "the census where it arrived")
        there = await lab.read(container=lab.abroad)
        require_same(there.records, arrived, "a reading where it arrived")


async def fetch_accounts_for_every_ref(adapter: Adapter) -> None:
    """Each ref that was asked for has one outcome; ids that are none are never put to use."""
    async with lab_of(adapter) as lab:
        ids = lab.fill(5)
        unknown = ItemRef(CONNECTION, "987654", adapter.key(adapter.containers[0].key, 987654))
        refs = [*(lab.ref(one) for one in ids), unknown]
        fetched = await lab.connector.fetch(refs)
        told = _outcomes(fetched)
        require({*told} == {*refs}, f"no outcome for {[r.id for r in refs if r not in told]}")
        require(len(told) == len(refs), "two outcomes for one ref")
        strange = [ItemRef(CONNECTION, text, text) for text in _HOSTILE]
        got = await lab.connector.fetch([*strange, lab.ref(ids[0])])
        require(
            [r.item.ref.id for r in got.records] == ids[:1], "an id that is none led to an item"
        )
        paths = [r.path for r in lab.tracker.server.requests]
        require(not any("admin" in path for path in paths), "an id was pasted into an address")


async def fetch_agrees_with_changes(adapter: Adapter) -> None:
    """An item is the same whether it was pulled or fetched by its ref."""
    async with lab_of(adapter) as lab:
        ids = lab.fill(3)
        lab.edit(ids[0], title="Renamed", status="In Progress", labels=("north",))
        pulled = (await lab.read()).records
        for item_id in ids:
            one, other = pulled[item_id], await lab.record(item_id)
            require(one == other, f"{item_id} differs: pulled {one}, fetched {other}")


# --- refusals -------------------------------------------------------------------------------------


async def refusals_are_no_emptiness(adapter: Adapter) -> None:
    """A refusal, a login page or half an answer is an error, never "no items"."""
    async with lab_of(adapter) as lab:
        lab.fill(2)
        for name, outage in _OUTAGES.items():
            lab.tracker.server.recover()
            lab.tracker.server.fail(outage, times=None)
            for what, ask in _READINGS.items():
                lab.connector = lab.connect()
                told = await _told(partial(ask, lab))
                require(told is None, f"{what} met {name} and told {told}")


async def refusals_midway_are_no_end(adapter: Adapter) -> None:
    """What begins well and is refused midway is an error or whole, never the half for all."""
    async with lab_of(adapter, page=3) as lab:
        ids = lab.fill(7)
        for what, ask in _READINGS.items():
            lab.tracker.server.recover()
            lab.tracker.server.forget_requests()
            lab.connector = lab.connect()
            require_same(await ask(lab), ids, what)
            count = len(lab.tracker.server.requests)
            for name in _MIDWAY:
                for first in range(max(count - 4, 1), count):
                    await _broken_off(lab, ask, fault=_OUTAGES[name], after=first)


async def _broken_off(
    lab: Lab, ask: Callable[[Lab], Awaitable[list[str]]], *, fault: Fault, after: int
) -> None:
    """From some request on everything fails."""
    server = lab.tracker.server
    server.recover()
    server.forget_requests()
    server.fail(fault, times=None, when=lambda _: len(server.requests) > after)
    lab.connector = lab.connect()
    told = await _told(partial(ask, lab))
    if told is not None:
        server.recover()
        require_same(told, list(lab.world.ids()), f"broken off after {after} requests")


async def _told(ask: Callable[[], Awaitable[list[str]]]) -> list[str] | None:
    """What was told; None for an error that is named by its recovery."""
    try:
        return await ask()
    except SyncerError:
        return None


async def _changes(lab: Lab) -> list[str]:
    return list((await lab.read()).records)


async def _census(lab: Lab) -> list[str]:
    return await lab.inventory()


_READINGS: Final[Mapping[str, Callable[[Lab], Awaitable[list[str]]]]] = {
    "a pass": _changes,
    "a census": _census,
}


# --- limits ---------------------------------------------------------------------------------------


async def waits_when_limited(adapter: Adapter) -> None:
    """A short limit, told in each of the tracker's own ways, is waited for; nothing is lost."""
    for name, limit in adapter.limits.items():
        for what, ask in _READINGS.items():
            async with lab_of(adapter) as lab:
                ids = lab.fill(3)
                fault = limit.fault(_SHORT, lab.clock.now())
                lab.tracker.server.fail(fault)
                told = await _in_spite_of(lab, ask, limit)
                require_same(told, ids, f"{what} under {name!r}")
                waited = timedelta(seconds=lab.clock.slept)
                asked = _SHORT if limit.tells_pause else timedelta(milliseconds=1)
                require(waited >= asked, f"{what} waited {waited} under {name!r}, not {asked}")


async def a_pause_of_nothing_backs_off(adapter: Adapter) -> None:
    """A limit that says to come back at once is no invitation to hammer at it."""
    async with lab_of(adapter) as lab:
        ids = lab.fill(2)
        lab.tracker.server.fail(rate_limited(0), times=3)
        require_same(await _changes(lab), ids, "a pass after three limits without a pause")
        require(lab.clock.slept > 0, "asked again at once, three times in a row")


async def _in_spite_of(
    lab: Lab, ask: Callable[[Lab], Awaitable[list[str]]], limit: Limit
) -> list[str]:
    """Where the tracker tells no time, the connector may come back by itself or say when to."""
    try:
        return await ask(lab)
    except RateLimited as limited:
        require(not limit.tells_pause, "a short pause that was told was not waited for")
        require(limited.retry_at > lab.clock.now(), "to come back at once is no pause")
        await lab.clock.sleep((limited.retry_at - lab.clock.now()).total_seconds())
        return await ask(lab)


async def long_limits_are_told(adapter: Adapter) -> None:
    """A long limit is `RateLimited` with the instant, at once: other work goes on meanwhile."""
    for name, limit in adapter.limits.items():
        async with lab_of(adapter) as lab:
            lab.fill(2)
            begin = lab.clock.now()
            lab.tracker.server.fail(limit.fault(_LONG, begin), times=None)
            try:
                await lab.read()
            except RateLimited as limited:
                earliest = begin + _LONG if limit.tells_pause else begin
                require(limited.retry_at >= earliest, f"{name!r}: told to come back too early")
            else:
                require(False, f"{name!r}: a limit without end gave a reading")  # noqa: FBT003  told


# --- malformed ------------------------------------------------------------------------------------


async def malformed_singly(adapter: Adapter) -> None:
    """One item that cannot be read is set aside by its id; all others of its page are read."""
    await _require_rows_apart(adapter)
    for name, spoil in adapter.spoils.items():
        async with lab_of(adapter) as lab:
            ids = lab.fill(6)
            lab.spoil(ids[2], spoil)
            others = [one for one in ids if one != ids[2]]
            reading = await lab.read()
            _require_quarantined(reading.records, [u.ref.id for u in reading.unreadable], name)
            require_same(reading.records, others, f"beside an item with a spoilt {name}")
            require_same([u.ref.id for u in reading.unreadable], [ids[2]], f"spoilt {name}")
            require(all(u.reason and u.raw for u in reading.unreadable), "set aside without why")
            fetched = await lab.fetch(*ids[1:4])
            require_same(
                [r.item.ref.id for r in fetched.records], [ids[1], ids[3]], f"fetched, {name}"
            )
            require([u.ref.id for u in fetched.unreadable] == [ids[2]], f"fetched spoilt {name}")


async def _require_rows_apart(adapter: Adapter) -> None:
    """What stands in a list and is no item at all costs no other row, and is not lost either."""
    for rubbish in _RUBBISH:
        async with lab_of(adapter) as lab:
            ids = lab.fill(6)
            lab.put_rubbish(ids[2], rubbish)
            reading = await lab.read()
            lost = sorted({*ids} - {ids[2]} - {*reading.records})
            require(not lost, f"beside a row that is {rubbish!r}: missing {lost}")
            found = ids[2] in reading.records or reading.unreadable
            require(found, f"a row that is {rubbish!r} was dropped without a word")


def _require_quarantined(records: Mapping[str, object], broken: list[str], name: str) -> None:
    both = sorted({*records} & {*broken})
    require(not both, f"{both} were read and set aside at once, with a spoilt {name}")


RULES: Final = (
    Rule(
        id="probe_names_what_it_sees",
        says="says who it is and which containers it sees",
        check=probe_names_what_it_sees,
    ),
    Rule(id="deleted", says="tells what was deleted", check=deleted),
    Rule(
        id="hidden_is_not_deleted",
        says="never takes a lost permission for a deletion",
        check=hidden_is_not_deleted,
    ),
    Rule(
        id="moved_keeps_identity",
        says="knows an item again that has moved",
        check=moved_keeps_identity,
    ),
    Rule(
        id="fetch_accounts_for_every_ref",
        says="gives every ref one outcome, hostile ids too",
        check=fetch_accounts_for_every_ref,
    ),
    Rule(
        id="fetch_agrees_with_changes",
        says="maps an item alike, pulled or fetched",
        check=fetch_agrees_with_changes,
    ),
    Rule(
        id="refusals_are_no_emptiness",
        says='never takes a refusal for "no items"',
        check=refusals_are_no_emptiness,
    ),
    Rule(
        id="refusals_midway_are_no_end",
        says="never takes a refusal midway for the end",
        check=refusals_midway_are_no_end,
    ),
    Rule(
        id="waits_when_limited",
        says="waits as the tracker asks, in the tracker's own words",
        check=waits_when_limited,
    ),
    Rule(
        id="long_limits_are_told",
        says="says when to come back instead of waiting long",
        check=long_limits_are_told,
    ),
    Rule(
        id="a_pause_of_nothing_backs_off",
        says="backs off where a limit says to come back at once",
        check=a_pause_of_nothing_backs_off,
    ),
    Rule(
        id="malformed_singly",
        says="sets a malformed item aside alone",
        check=malformed_singly,
    ),
)
