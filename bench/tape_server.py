"""Serves a recording where it was made: `python -m bench.tape_server FILE`, until its input ends.

Answers `ready` on its output once it listens. What was never asked is answered with 404.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec
from aiohttp import web
from yarl import URL

from bench.tape import Call, Handler, Tape, key_of, reply, serving


def _answering(tape: Tape) -> Handler:
    calls: dict[str, Call] = {key_of(one.method, one.path, one.sent): one for one in tape.calls}

    async def answer(request: web.Request) -> web.StreamResponse:
        key = key_of(request.method, request.raw_path, await request.read())
        call = calls.get(key)
        return web.Response(status=404, text=f"never asked: {key}") if call is None else reply(call)

    return answer


async def _serve(tape: Tape) -> None:
    async with serving(_answering(tape), port=URL(tape.url).port or 0):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Tape)))
