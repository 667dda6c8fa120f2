"""What all tests share."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hypothesis
import pytest

from syncer.store import migrate
from syncer.store.engine import Store
from tests.postgres import PostgresServer, running_server

ROOT = Path(__file__).resolve().parent.parent

hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")

_FOR_TESTS = ("SYNCER_TEST_", "SYNCER_SHARED_DATA", "SYNCER_REQUIRE_")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of the person who runs the tests must not reach the code under test."""
    for name in list(os.environ):
        if name.startswith("SYNCER_") and not name.startswith(_FOR_TESTS):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recorded tracker data: the folder SYNCER_SHARED_DATA, else the one beside the checkout."""
    named = os.environ.get("SYNCER_SHARED_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no shared data: set SYNCER_SHARED_DATA (looked in {folder})")
    return folder


# --- databases: ask for `store` or `database_url` and the test runs on both -----------------------


@pytest.fixture(scope="session")
def postgres_server() -> Generator[PostgresServer]:
    """A real PostgreSQL, started by the first test that asks for it and stopped at the end."""
    with running_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Generator[str]:
    """The address of a PostgreSQL database of the test's own, with all tables."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Generator[str]:
    """The address of a PostgreSQL database of the test's own, without any table."""
    with postgres_server.database(empty=True) as url:
        yield url


async def _upgrade(url: str) -> None:
    async with Store(url) as store:
        await migrate.upgrade(store)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    with ThreadPoolExecutor(1) as pool:  # where no test's event loop is disturbed
        pool.submit(lambda: asyncio.run(_upgrade(f"sqlite:///{file}"))).result()
    return file


@pytest.fixture
def sqlite_url(tmp_path: Path, _sqlite_template: Path) -> str:
    """The address of a SQLite file of the test's own, `syncer.db` in its folder, all tables in."""
    shutil.copy(_sqlite_template, tmp_path / "syncer.db")
    return f"sqlite:///{tmp_path}/syncer.db"


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite file that is not there yet, `syncer.db` in the test's folder."""
    return f"sqlite:///{tmp_path}/syncer.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a database of the test's own with all tables; the test runs on both kinds."""
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """The same without any table."""
    fixture = {"sqlite": "empty_sqlite_url", "postgresql": "empty_postgres_url"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture
async def store(database_url: str) -> AsyncGenerator[Store]:
    """A database of the test's own with all tables, opened; the test runs on both kinds."""
    async with Store(database_url) as opened:
        yield opened


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what the tests on PostgreSQL cost, since they are the second run of the same tests."""
    reports = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and "postgres" in report.nodeid
    ]
    if reports:
        tests = len({report.nodeid for report in reports})
        seconds = sum(report.duration for report in reports)
        terminalreporter.write_line(f"{tests} tests on PostgreSQL, {seconds:.1f} s of all workers")
