"""Reads on while what was read is being stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Final, TypeVar

T = TypeVar("T")

PAGES_AHEAD: Final = 3
"""So many pages wait, or are being stored, at most; one more may be in the reader's hand."""


async def read_ahead(
    pages: AsyncGenerator[T], *, most: int = PAGES_AHEAD
) -> AsyncGenerator[list[T]]:
    """All pages in their order; each time those that came meanwhile, at least one.

    What reading raises is raised after the pages that came before it; where their taker fails,
    reading ends as well.
    """
    waiting: asyncio.Queue[T | None] = asyncio.Queue()
    room = asyncio.Semaphore(most)
    reading = asyncio.create_task(_read(pages, waiting, room))
    try:
        while batch := await _waiting(waiting):
            yield batch
            for _ in batch:
                room.release()
        await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _read(
    pages: AsyncGenerator[T], waiting: asyncio.Queue[T | None], room: asyncio.Semaphore
) -> None:
    try:
        async with aclosing(pages):
            async for page in pages:
                await room.acquire()
                waiting.put_nowait(page)
    finally:
        waiting.put_nowait(None)


async def _waiting(waiting: asyncio.Queue[T | None]) -> list[T]:
    """The pages that wait, once there is one; none at the end."""
    batch: list[T] = []
    while not batch or not waiting.empty():
        page = await waiting.get()
        if page is None:
            waiting.put_nowait(None)  # the end is met again, after what came before it
            break
        batch.append(page)
    return batch


@asynccontextmanager
async def closing(pages: AsyncIterator[T]) -> AsyncGenerator[AsyncIterator[T]]:
    """The pages, closed at the end where they can be, so that nothing goes on being asked for."""
    try:
        yield pages
    finally:
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()
