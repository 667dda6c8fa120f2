"""Vendors' API descriptions as mock servers that judge what a connector asks."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

from scripts.fetch_mock_server import PROGRAM
from syncer.connect.testing.server import Fault, Handler

Json = dict[str, Any]

_METHODS: Final = frozenset({"get", "head", "put", "post", "delete", "patch"})
_PATIENCE: Final = 120.0
"""Seconds until a mock server must answer; it takes two or three where nothing else is going on."""

_REFUSED: Final = 400
_OF_ONE_HOP: Final = frozenset({"host", "content-length", "accept-encoding", "connection"})


# --- descriptions ---------------------------------------------------------------------------------


def described(file: Path) -> Json:
    """A description as it was published; what it says of answers plays no part here.

    Real answers do not obey these descriptions, and a mock server that has to make some up from
    hundreds of schemas starts slowly.
    """
    told: Json = json.loads(gzip.decompress(file.read_bytes()).decode("utf-8-sig"))
    for _, operation in _operations(told):
        operation["responses"] = {"200": {"description": "whatever"}}
        operation.pop("x-ms-examples", None)  # files that are not here
    return told


def by_organisation(told: Json) -> Json:
    """The description of Azure DevOps as its pages have it: a project need not be named.

    The pages of every call list `project` as optional, the description demands it. What Azure
    DevOps' generator puts into `x-ms-paths`, paths with a query, belongs to the plain path. Tokens
    are defined as a way to sign in, and forgotten with each call.
    """
    for _, operation in _operations(told):
        operation["security"] = [*operation.get("security", []), {"accessToken": []}]
    for path, item in told.pop("x-ms-paths", {}).items():
        _merge(told["paths"].setdefault(path.partition("?")[0], {}), item)
    for path, item in list(told["paths"].items()):
        short = path.replace("/{project}", "").replace("/{team}", "")
        if short not in told["paths"]:
            told["paths"][short] = _without(item, {"project", "team"})
    return told


def _merge(plain: Json, item: Json) -> None:
    for method, operation in item.items():
        if method not in plain:
            plain[method] = operation
            continue
        known = {one.get("name") for one in plain[method].get("parameters", [])}
        plain[method]["parameters"] += [
            {**one, "required": False}
            for one in operation.get("parameters", [])
            if one.get("in") == "query" and one.get("name") not in known
        ]


def _without(item: Json, names: set[str]) -> Json:
    return {
        method: {
            **operation,
            "operationId": f"{operation.get('operationId')}_of_all",
            "parameters": [
                one for one in operation.get("parameters", []) if one.get("name") not in names
            ],
        }
        for method, operation in item.items()
        if method in _METHODS
    }


def _operations(told: Json) -> Iterator[tuple[str, Json]]:
    every = {**told["paths"], **told.get("x-ms-paths", {})}
    for path, item in every.items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, operation


# --- the mock server ------------------------------------------------------------------------------


@dataclass(slots=True)
class Judge:
    """A mock server at `url`: what it was asked, and what of that it refused."""

    url: str
    session: aiohttp.ClientSession
    asked: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)

    def before(self, concerns: Callable[[str], bool]) -> Fault:
        """Let requests through to a simulated tracker that the description allows.

        Those of which it does not speak (`concerns`, by the path) pass unseen.
        """

        async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
            if concerns(request.path):
                verdict = await self.verdict(
                    request.method,
                    request.raw_path,
                    body=await request.read(),
                    headers=dict(request.headers),
                )
                if verdict:
                    return web.Response(status=_REFUSED, text=verdict)
            return await handler(request)

        return fault

    async def verdict(
        self, method: str, path: str, *, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> str:
        """Why a request is refused; empty where it is not."""
        sent = {k: v for k, v in (headers or {}).items() if k.lower() not in _OF_ONE_HOP}
        plain = path.partition("?")[0]
        self.asked.add(f"{method} {plain}")
        async with self.session.request(
            method, f"{self.url}{path}", data=body or None, headers=sent
        ) as answer:
            said = await answer.text()
            if answer.status < _REFUSED:
                return ""
        self.refused.append(f"{method} {path}: {answer.status} {said}")
        return self.refused[-1]


@asynccontextmanager
async def judging(told: Json, folder: Path) -> AsyncIterator[Judge]:
    """A mock server made from a description, while the context is open."""
    file = folder / "description.json"
    file.write_text(json.dumps(told), encoding="utf-8")
    port = _free_port()
    program = shutil.which("node")
    assert program is not None
    process = await asyncio.create_subprocess_exec(
        program, str(PROGRAM.resolve()), "mock", "--host", "127.0.0.1", "--port", str(port),
        "--verboseLevel", "error", str(file),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as session:
            judge = Judge(f"http://127.0.0.1:{port}", session)
            await _listening(judge, process)
            yield judge
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _listening(judge: Judge, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(_PATIENCE):
        while True:
            if process.returncode is not None:
                said, _ = await process.communicate()
                raise RuntimeError(f"the mock server did not start: {said.decode()[:2000]}")
            try:
                async with judge.session.get(f"{judge.url}/"):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
