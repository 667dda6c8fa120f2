"""Several calls at once: how many of them are made is bounded by the traffic in force."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterable
from contextlib import aclosing
from typing import Any, Final, TypeVar

T = TypeVar("T")

AT_ONCE: Final = 8
"""Calls that are begun together, whatever else bounds them."""


async def together(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All results, in order. The first error ends the others and is raised."""
    async with aclosing(in_order(works)) as results:
        return [result async for result in results]


async def in_order(works: Iterable[Coroutine[Any, Any, T]]) -> AsyncGenerator[T]:
    """The results in order, each as soon as those before it are there; an error ends the rest."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
