from __future__ import annotations

from contextlib import suppress

from syncer.store.engine import Store


async def test_a_waiter_of_this_process_is_woken_by_a_commit_and_only_by_it(store: Store) -> None:
    async with store.wakeups("inbox") as wakeup:
        # A listener is called once it listens, since something may have been said before.
        assert store.is_sqlite or await wakeup.wait(60)
        with suppress(ZeroDivisionError):
            async with store.write() as session:
                await store.notify(session, "inbox")
                raise ZeroDivisionError
        assert not await wakeup.wait(0.05)

        async with store.write() as session:
            await store.notify(session, "inbox")
            assert not await wakeup.wait(0.05)
        assert await wakeup.wait(60)
        assert not await wakeup.wait(0.01)


async def test_nobody_waits_on_after_the_end(store: Store) -> None:
    async with store.wakeups("inbox") as ended:
        # A listener is called once it listens, since something may have been said before.
        assert store.is_sqlite or await ended.wait(60)
    async with store.wakeups("inbox") as wakeup:
        assert store.is_sqlite or await wakeup.wait(60)
        async with store.write() as session:
            await store.notify(session, "inbox")
        assert await wakeup.wait(60)
    assert not await ended.wait(0.05)
