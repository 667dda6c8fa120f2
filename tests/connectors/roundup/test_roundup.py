"""A real Roundup that throttles for real, read through a small connector made of the kit."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Generator
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
import pytest

from syncer.clock import SystemClock
from syncer.connect.auth import with_secrets
from syncer.domain.item import StatusCategory
from syncer.store.engine import Store
from syncer.store.items import load_items
from syncer.sync.connection import pull_connection
from tests.connectors.roundup import roundup_site
from tests.connectors.roundup.small_roundup import RoundupConfig, RoundupConnector

COUNT: Final = 25


@pytest.fixture(scope="module")
def roundup(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The address of a Roundup with some issues."""
    home = tmp_path_factory.mktemp("roundup") / "home"
    command = [sys.executable, str(Path(roundup_site.__file__)), str(home), str(COUNT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        port = server.stdout.readline().decode().strip()
        assert port, "Roundup did not start"
        yield f"http://127.0.0.1:{port}"
        server.communicate()


def _traced(answers: list[tuple[float, int, float]]) -> aiohttp.TraceConfig:
    """Notes when each answer came, its status, and how long it asked us to wait."""
    tracing = aiohttp.TraceConfig()

    async def note(_session: Any, _context: SimpleNamespace, end: Any) -> None:
        asked = float(end.response.headers.get("Retry-After", 0))
        answers.append((time.monotonic(), end.response.status, asked))

    tracing.on_request_end.append(note)
    return tracing


async def test_f1_a_real_roundup_that_throttles_is_waited_for_and_read_whole(
    roundup: str, sqlite_url: str
) -> None:
    answers: list[tuple[float, int, float]] = []
    auth = {"type": "basic", "user": "admin", "password_env": "P"}
    told = RoundupConfig.model_validate({"name": "ru", "url": roundup, "auth": auth})
    config = with_secrets(told, env={"P": roundup_site.PASSWORD}, base=Path())
    async with (
        aiohttp.ClientSession(trace_configs=[_traced(answers)]) as session,
        Store(sqlite_url) as store,
    ):
        connector = RoundupConnector("ru", config, session)
        result = await pull_connection(store, connector, connection="ru", clock=SystemClock())
        async with store.read() as reading:
            items = {one.key: one for one in await load_items(reading)}

    assert result.ok
    assert {key: one.title for key, one in items.items()} == {
        f"issue{n}": f"Check mast {n} · ridge" for n in range(1, COUNT + 1)
    }
    done = [one for one in items.values() if one.status_category is StatusCategory.DONE]
    assert len(done) == COUNT // 3
    refused = [one for one in answers if one[1] == HTTPStatus.TOO_MANY_REQUESTS]
    assert refused, "it was never throttled"
    for (at, _, asked), (then, _, _) in pairwise(answers):
        assert then - at >= asked, "asked again before the time that Roundup named"
