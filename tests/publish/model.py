"""Every interleaving of two replicas that deliver one message, over the real row's transitions.

A state is the row, what each replica is in the midst of, and what has arrived. From each state all
that could happen next is tried: a step of either replica, its death, the end of a lease, an answer
of the server or none, a person's order. What a step makes of the row is asked of the real functions
on a real database, once for each case, so that the model knows the replicas and the server, and of
the row's rules nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.store.daemon_tables import DispatchRow
from syncer.store.dispatch_orders import called_off, is_at_work, keep_order, sent_anew
from syncer.store.dispatches import (
    AT_WORK,
    Dispatch,
    DispatchState,
    InDoubt,
    claim,
    give_up,
    intend,
    load_dispatches,
    mark_sent,
    put_off,
)
from syncer.store.engine import Store
from syncer.store.leases import LEASE, database_now
from syncer.store.rows import table_of

REPLICAS: Final = 2
ATTEMPTS: Final = 3
"""More claims than these are not followed: two replicas overtake each other before."""

ORDERS: Final = 1
_ROWS: Final = table_of(DispatchRow)
_PAST: Final = datetime(2020, 1, 1, tzinfo=UTC)
_FUTURE: Final = datetime(2120, 1, 1, tzinfo=UTC)


class Phase(StrEnum):
    """What a replica is in the midst of."""

    IDLE = "idle"
    CLAIMED = "claimed"
    INTENDED = "intended"
    """Its intent is committed; it has not looked at the time yet."""
    GOES = "goes"
    """It has looked at the time, and ends the message next, however late."""
    TAKEN = "taken"
    """The server has said that it took the message."""
    REFUSED = "refused"
    """The server has said that it did not, or the replica gives up before the end."""
    LOCKS = "locks"
    """It holds the row's lock (a planted defect)."""


class Row(NamedTuple):
    """What the protocol knows of the row; `over`: its lease has run out."""

    state: DispatchState = DispatchState.PENDING
    attempt: int = 0
    owner: str = ""
    over: bool = True
    in_doubt: int = 0


class Replica(NamedTuple):
    """A replica and the attempt that it is in the midst of."""

    phase: Phase = Phase.IDLE
    attempt: int = 0
    in_doubt: int = 0


class State(NamedTuple):
    """All that is. Copies that arrived without and with the flag; orders that may still come."""

    row: Row = Row()
    replicas: tuple[Replica, ...] = (Replica(),) * REPLICAS
    plain: int = 0
    flagged: int = 0
    orders: int = ORDERS

    @property
    def copies(self) -> int:
        """All that arrived."""
        return self.plain + self.flagged


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How an outbox sends; each word is one of the planted defects."""

    in_doubt: InDoubt = InDoubt.RESEND
    flags_before: bool = False
    flags_after: bool = False
    locks: bool = False
    fenced: bool = True
    puts_off_unfenced: bool = False


Step = tuple[str, State]
"""What happened, and what is then."""


class Rules:
    """What becomes of the row, asked of the real functions and remembered."""

    def __init__(self, store: Store, row: Dispatch, way: Way) -> None:
        self._store = store
        self._base = row
        self._way = way
        self.known: dict[tuple[str, Row, int, int], Row] = {}

    async def after(self, step: str, row: Row, number: int, mine: Replica) -> Row:
        """The row after a step of the replica of that number."""
        key = (step, row, number, mine.attempt)
        if key not in self.known:
            self.known[key] = await self._ask(step, row, number, mine)
        return self.known[key]

    async def _ask(self, step: str, row: Row, number: int, mine: Replica) -> Row:
        taken = replace(self._base, attempt=mine.attempt, owner=f"serve {number}")
        async with self._store.write() as session:
            values = {**row._asdict(), "next_try_at": _PAST, "tries": 0}
            values["lease_until"] = None
            if row.state in AT_WORK:
                values["lease_until"] = _PAST if row.over else _FUTURE
            del values["over"]
            await session.execute(_ROWS.update().values(**values))
            await self._do(step, session, taken)
            (found,) = await load_dispatches(session)
            now = await database_now(session)
        return Row(
            found.state,
            found.attempt,
            found.owner if found.state in AT_WORK else "",
            not is_at_work(found, now),
            found.in_doubt,
        )

    async def _do(self, step: str, session: AsyncSession, taken: Dispatch) -> None:
        match step:
            case "claim":
                await claim(session, taken.owner, in_doubt=self._way.in_doubt)
            case "intend":
                await intend(session, taken, lease=LEASE)
            case "sent":
                await mark_sent(session, taken, at=_PAST)
            case "put off":
                await put_off(session, taken, error="", after=timedelta())
            case "give up":
                await give_up(session, taken, error="", state=DispatchState.FAILED)
            case "resend" | "cancel":
                (found,) = await load_dispatches(session, lock=True)
                now = await database_now(session)
                anew = sent_anew(found, now, repeatable=())
                off = called_off(found, reason="", repeatable=())
                await keep_order(session, anew if step == "resend" else off)


class Model:
    """All that can happen, one step after another."""

    def __init__(self, rules: Rules, way: Way) -> None:
        self._rules = rules
        self._way = way

    async def steps(self, at: State) -> AsyncIterator[Step]:
        """Everything that may happen next."""
        if not at.row.over:
            yield "the lease runs out", at._replace(row=at.row._replace(over=True))
        async for step in self._orders(at):
            yield step
        for number, mine in enumerate(at.replicas):
            if mine.phase is not Phase.IDLE:
                yield f"{number} dies", _with(at, number, Replica())
            async for told, then in self._of_replica(at, number, mine):
                yield f"{number} {told}", then

    async def _orders(self, at: State) -> AsyncIterator[Step]:
        """A person may send once more, or call off, what nobody has and what was not sent."""
        if at.orders and at.row.over and at.row.state is not DispatchState.SENT:
            for order in ("resend", "cancel"):
                row = await self._rules.after(order, at.row, 0, Replica())
                yield f"a person: {order}", at._replace(row=row, orders=at.orders - 1)

    async def _of_replica(self, at: State, number: int, mine: Replica) -> AsyncIterator[Step]:
        match mine.phase:
            case Phase.INTENDED:
                steps = list(self._looks_at_the_time(at, number, mine))
            case Phase.GOES | Phase.LOCKS:
                steps = list(self._ends_the_message(at, number, mine))
            case phase:
                ways = {
                    Phase.IDLE: self._claims,
                    Phase.CLAIMED: self._intends,
                    Phase.TAKEN: self._records,
                    Phase.REFUSED: self._gives_way,
                }
                steps = [step async for step in ways[phase](at, number, mine)]
        for step in steps:
            yield step

    async def _records(self, at: State, number: int, mine: Replica) -> AsyncIterator[Step]:
        row = await self._sent(at.row, number, mine)
        yield "records that it was sent", _with(at, number, Replica(), row=row)

    async def _gives_way(self, at: State, number: int, mine: Replica) -> AsyncIterator[Step]:
        for told in ("put off", "give up"):
            row = await self._rules.after(told, at.row, number, mine)
            if told == "put off" and self._way.puts_off_unfenced:
                row = at.row._replace(state=DispatchState.PENDING, owner="", over=True)
            yield f"records: {told}", _with(at, number, Replica(), row=row)

    async def _claims(self, at: State, number: int, mine: Replica) -> AsyncIterator[Step]:
        if self._way.locks:
            free = all(one.phase is Phase.IDLE for one in at.replicas)
            if free and at.row.state is DispatchState.PENDING:
                yield "locks the row", _with(at, number, Replica(Phase.LOCKS))
            return
        row = await self._rules.after("claim", at.row, number, mine)
        if row != at.row and row.attempt <= ATTEMPTS:
            claimed = Replica(Phase.CLAIMED, row.attempt, row.in_doubt)
            held = row.state is DispatchState.HELD
            yield "claims", _with(at, number, mine if held else claimed, row=row)

    async def _intends(self, at: State, number: int, mine: Replica) -> AsyncIterator[Step]:
        yield "is refused before the end", _with(at, number, mine._replace(phase=Phase.REFUSED))
        goes, row = mine._replace(phase=Phase.GOES), at.row
        if self._way.flags_after:
            yield "commits no intent", _with(at, number, goes)
        elif self._way.flags_before:
            row = await self._sent(row, number, mine)
            yield "records that it was sent", _with(at, number, goes, row=row)
        elif not self._way.fenced:
            row = row._replace(state=DispatchState.SENDING, over=False)
            yield "intends, whoever has it", _with(at, number, goes, row=row)
        else:
            row = await self._rules.after("intend", row, number, mine)
            then = Replica() if row == at.row else mine._replace(phase=Phase.INTENDED)
            yield "intends", _with(at, number, then, row=row)

    def _looks_at_the_time(self, at: State, number: int, mine: Replica) -> Iterator[Step]:
        """A lease that is over by now was so long that the replica has stood still."""
        yield "stood still", _with(at, number, mine._replace(phase=Phase.REFUSED))
        if at.row.attempt == mine.attempt and not at.row.over:
            yield "is in time", _with(at, number, mine._replace(phase=Phase.GOES))

    def _ends_the_message(self, at: State, number: int, mine: Replica) -> Iterator[Step]:
        """The server takes it or not, and says so or not."""
        arrived = at._replace(
            plain=at.plain + (mine.in_doubt == 0), flagged=at.flagged + (mine.in_doubt > 0)
        )
        yield "is answered: taken", _with(arrived, number, mine._replace(phase=Phase.TAKEN))
        yield "is not answered, though taken", _with(arrived, number, Replica())
        yield "is not answered", _with(at, number, Replica())
        if not self._way.locks and not self._way.flags_before:
            yield "is answered: refused", _with(at, number, mine._replace(phase=Phase.REFUSED))

    async def _sent(self, row: Row, number: int, mine: Replica) -> Row:
        if self._way.locks or not self._way.fenced:
            return row._replace(state=DispatchState.SENT, owner="", over=True)
        return await self._rules.after("sent", row, number, mine)


def _with(at: State, number: int, mine: Replica, *, row: Row | None = None) -> State:
    replicas = (*at.replicas[:number], mine, *at.replicas[number + 1 :])
    return at._replace(replicas=replicas, row=row or at.row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """What was found: the states, each with the step that led there, and each sort of wrong.

    `wrongs` tells the shortest way to each. `stuck` are states that no replica leads to an end.
    """

    states: int
    steps: int
    wrongs: dict[str, list[str]]
    stuck: list[State]


async def explore(
    model: Model,
    wrong: Callable[[State, State], Iterator[str]],
    *,
    until: str = "",
    orders: int = ORDERS,
) -> Explored:
    """Try everything from the beginning, the nearest first; `wrong` judges each step.

    It ends early once it has found what is wrong in the sense of `until`. A person gives at most so
    many `orders`.
    """
    start = State(orders=orders)
    came: dict[State, tuple[State, str] | None] = {start: None}
    before: defaultdict[State, list[State]] = defaultdict(list)
    waiting, steps, wrongs = [start], 0, dict[str, list[str]]()
    for at in waiting:
        if until in wrongs:
            break
        async for told, then in model.steps(at):
            steps += 1
            for name in wrong(at, then):
                wrongs.setdefault(name, [*_way_to(at, came), told])
            if then.orders == at.orders and not told.endswith("dies"):
                before[then].append(at)
            if then not in came:
                came[then] = (at, told)
                waiting.append(then)
    ended = _leading_to([one for one in came if _is_end(one)], before)
    stuck = [one for one in came if one not in ended]
    return Explored(states=len(came), steps=steps, wrongs=wrongs, stuck=stuck)


def _is_end(at: State) -> bool:
    """Nothing is on its way any more; or there were more attempts than are followed."""
    return at.row.state not in {DispatchState.PENDING, *AT_WORK} or at.row.attempt >= ATTEMPTS


def _leading_to(ends: Iterable[State], before: Mapping[State, Sequence[State]]) -> set[State]:
    """All states from which one of these can come about."""
    found = set(ends)
    waiting = list(found)
    for at in waiting:
        new = set(before.get(at, ())) - found
        found |= new
        waiting += new
    return found


def _way_to(at: State, came: Mapping[State, tuple[State, str] | None]) -> list[str]:
    way: list[str] = []
    step = came[at]
    while step is not None:
        at, told = step
        way.insert(0, told)
        step = came[at]
    return way
