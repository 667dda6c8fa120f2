"""The server that the tests start: from any binaries, as any user, and never left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import URL

from tests.postgres import copied, in_the_wheel, own_server, text_of, usable

HOLD = """
import sys
from tests.postgres import own_server, text_of
with own_server() as url:
    print(text_of(url), flush=True)
    sys.stdin.read()
"""


async def _answers(url: URL | str) -> bool:
    try:
        connection = await asyncpg.connect(url if isinstance(url, str) else text_of(url))
    except (OSError, asyncpg.PostgresError):  # gone, or about to go
        return False
    await connection.close()
    return True


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everyone can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="syncer-binaries-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


async def test_the_wheel_s_binaries_serve_where_none_are_installed(
    tmp_path: Path, open_folder: Path
) -> None:
    hidden = copied(in_the_wheel(), tmp_path)
    assert usable(hidden) == (os.geteuid() != 0)  # `nobody` cannot reach pytest's folder

    binaries = copied(hidden, open_folder)
    assert usable(binaries)
    with own_server(binaries) as url:
        assert await _answers(url)
    assert not await _answers(url)


@pytest.fixture
def holder(root: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that runs a server of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
async def test_a_killed_run_leaves_no_server_behind(
    holder: tuple[subprocess.Popen[str], str], how: signal.Signals
) -> None:
    process, url = holder
    assert await _answers(url)
    process.send_signal(how)
    while await _answers(url):  # noqa: ASYNC110  nobody tells when a server is gone
        await asyncio.sleep(0.05)
