"""One world for replicas: a database that notes effects, a tracker, and who sends its webhooks."""

from __future__ import annotations

import json
import signal
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import false, func, or_, select

from syncer.connect.testing.server import Account
from syncer.domain.change import ChangeField
from syncer.domain.item import ItemState
from syncer.failpoints import Edge
from syncer.store.daemon_tables import InboxRow
from syncer.store.engine import Store
from syncer.store.inbox import InboxState, replay
from syncer.store.items import load_records
from syncer.store.rows import table_of
from syncer.store.tables import LeaseRow
from tests.kill.checker import Found, Kept, State
from tests.kill.defects import Defect, plant_in
from tests.kill.effects import load_effects, note_effects
from tests.kill.issues import Site
from tests.kill.replica import ENVIRONMENT, SECRET, TOKEN, Spec
from tests.kill.sender import Sender
from tests.kill.tracker import serving
from tests.publish.world import ANCIENT
from tests.replicas.processes import Zygote

ENDPOINT: Final = "kill-endpoint-for-tests"
_ACCOUNT: Final = Account(secret=ENVIRONMENT[TOKEN])
_INBOX: Final = table_of(InboxRow)
_LEASES: Final = table_of(LeaseRow)
_REMEMBERED: Final = 32


@dataclass(kw_only=True)
class World:
    """The world as it is. `gone` are replicas that are dead or stand still, the latest ones."""

    folder: Path
    database: str
    store: Store
    site: Site
    sender: Sender
    zygote: Zygote
    defect: Defect
    gone: deque[int] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _begun: int = 0

    # --- replicas ---------------------------------------------------------------------------------

    async def begin(self, actions: Mapping[Edge, tuple[str, int]]) -> tuple[int, Path, Path]:
        """One more replica: its id, the file with its address, and the one with its hits.

        `actions` says what happens to it at which pass of an edge.
        """
        self._begun += 1
        control = self.folder / "control" / f"{self._begun}.json"
        control.write_text(json.dumps(actions), encoding="ascii")
        address = control.with_suffix(".address")
        spec = Spec(
            config=str(self.folder / "syncer.toml"),
            database=self.database,
            address=str(address),
            control=str(control),
            defect=self.defect,
        )
        pid = await self.zygote.begin(asdict(spec), log=self.folder / "replicas.log")
        return pid, address, control.with_name(f"{control.name}.hits")

    def end(self, pid: int) -> bool:
        """Kill a replica; False where it is no more."""
        self.gone.append(pid)
        return self.zygote.send(pid, signal.SIGKILL)

    def hits(self) -> Iterator[str]:
        """The edges at which a script ended or stopped a replica, once for each time."""
        for file in (self.folder / "control").glob("*.hits"):
            yield from (line.split()[0] for line in file.read_text("ascii").splitlines())

    # --- the inbox --------------------------------------------------------------------------------

    async def hurry(self) -> None:
        """As if the time had passed for which those who are gone hold what they took.

        Once for each delivery: one during which five processes die is rightly set aside.
        """
        c = _INBOX.c
        owners = [c.claimed_by.startswith(f"serve (pid {pid}) ") for pid in self.gone]
        async with self.store.write() as session:
            await session.execute(
                _INBOX.update()
                .where(c.state == InboxState.PENDING, c.tries <= 1, or_(false(), *owners))
                .values(claimed_until=ANCIENT)
            )
            await session.execute(
                _LEASES.update().where(_LEASES.c.pid.in_(self.gone)).values(expires_at=ANCIENT)
            )

    async def begin_anew(self) -> None:
        """When all are gone: as if each had given back what it held, uncounted, at its end."""
        given_back = {"claimed_by": "", "claimed_until": None, "tries": 0}
        async with self.store.write() as session:
            await session.execute(
                _INBOX.update().where(_INBOX.c.state == InboxState.PENDING).values(given_back)
            )
            await session.execute(_LEASES.update().values(expires_at=ANCIENT))

    async def let_out(self) -> int:
        """As if every pause were over, and as if a person let out what was set aside.

        Returns how many deliveries were.
        """
        async with self.store.write() as session:
            await session.execute(
                _INBOX.update()
                .where(_INBOX.c.state == InboxState.PENDING)
                .values(next_try_at=ANCIENT)
            )
            return await replay(session)

    async def untouched(self) -> int:
        """How many deliveries nobody has begun on."""
        c = _INBOX.c
        query = select(func.count()).where(c.state == InboxState.PENDING, c.claimed_by == "")
        async with self.store.read() as session:
            return await session.scalar(query) or 0

    async def waiting(self) -> int:
        """How many deliveries are not done."""
        query = select(func.count()).select_from(_INBOX).where(_INBOX.c.state != InboxState.DONE)
        async with self.store.read() as session:
            return await session.scalar(query) or 0

    # --- what is known ----------------------------------------------------------------------------

    async def found(self) -> Found:
        """All that is known by now."""
        c = _INBOX.c
        async with self.store.read() as session:
            rows = await session.execute(select(c.delivery_id, c.body_sha256, c.state, c.note))
            inbox = [
                Kept(delivery_id=row[0], body_sha256=row[1], state=row[2], note=row[3])
                for row in rows
            ]
        return Found(
            acknowledged=dict(self.sender.acknowledged),
            inbox=inbox,
            truth=dict(self._truth()),
            stored=await self.stored(),
            effects=await load_effects(self.store),
        )

    def _truth(self) -> Iterator[tuple[str, State]]:
        for issue in self.site.issues.values():
            yield (
                issue.id,
                State(
                    title=issue.title,
                    status=issue.status[1],
                    is_live=not issue.is_deleted,
                    changes=[one["id"] for one in issue.histories],
                ),
            )

    async def stored(self) -> list[tuple[str, State]]:
        """The items as they are stored, by the tracker's id."""
        async with self.store.read() as session:
            records = await load_records(session)
        return [
            (
                one.item.ref.id,
                State(
                    title=one.item.title,
                    status=one.item.native_status,
                    is_live=one.item.state is ItemState.LIVE,
                    changes=[c.id for c in one.changes if c.field is ChangeField.STATUS],
                ),
            )
            for one in records
        ]

    async def is_equal(self) -> bool:
        """Whether everything that the tracker shows is stored so."""
        stored = dict(await self.stored())
        return all(
            name in stored and stored[name].title == true.title
            for name, true in self._truth()
            if true.is_live
        )


@asynccontextmanager
async def made(
    folder: Path, database: str, zygote: Zygote, *, deliveries: int, defect: Defect, seed: int
) -> AsyncGenerator[World]:
    """A world at its beginning; replicas of it end with the block."""
    (folder / "control").mkdir(parents=True)
    site = Site(seed)
    sender = Sender(
        site=site,
        endpoint=ENDPOINT,
        secret=ENVIRONMENT[SECRET].encode(),
        seed=seed,
        wanted=deliveries,
    )
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store(database))
        await note_effects(store)
        await plant_in(store, defect)
        url = await stack.enter_async_context(serving(site, _ACCOUNT))
        (folder / "syncer.toml").write_text(_configuration(url), encoding="utf-8")
        world = World(
            folder=folder,
            database=database,
            store=store,
            site=site,
            sender=sender,
            zygote=zygote,
            defect=defect,
        )
        yield world


def _configuration(url: str) -> str:
    return f"""
        [service]
        reconcile_minutes = 0.1
        hooks = {{ public_url = "https://hooks.example.com" }}

        [[connections]]
        name = "jira"
        kind = "jira"
        url = "{url}"
        auth = {{ email = "{_ACCOUNT.user}", token_env = "{TOKEN}" }}
        endpoint_id = "{ENDPOINT}"
        webhook_secret_env = "{SECRET}"
    """
