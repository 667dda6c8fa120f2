"""A real Redmine for the tests: Debian's package, copied into a folder of its own and run there.

`scripts/install_redmine.sh` installs the package; where there is none the tests are skipped. The
first start makes the database, which takes a minute or two, and keeps it for later starts in
`SYNCER_TEST_REDMINE_DIR` (by default a folder of one's own among the temporary ones). Each server
has a copy, listens on loopback, sends no mail, and ends with the test that started it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PACKAGE: Final = Path("/usr/share/redmine")
FOLDER_VARIABLE: Final = "SYNCER_TEST_REDMINE_DIR"
START_SECONDS: Final = 420
STOP_SECONDS: Final = 30
KEY: Final = "0f" * 20
"""The administrator's API key: of a server on loopback that lives as long as a test."""

_BUNDLER: Final = "2.3.15"
"""Debian 12's own: with another one the bundle is not found."""

_LEFT_OUT: Final = shutil.ignore_patterns("Gemfile.lock", "instances", "database.yml")
_DATABASE: Final = """production:
  adapter: sqlite3
  database: {folder}/redmine.sqlite3
  timeout: 60000
"""
_START: Final = f"""require_relative 'config/environment'
connection = ActiveRecord::Base.connection
connection.execute('PRAGMA synchronous = OFF')
ActiveRecord::Migration.verbose = false
connection.migration_context.migrate if connection.migration_context.needs_migration?
ActiveRecord::Base.descendants.each {{ |one| one.reset_column_information if one.table_exists? }}
Redmine::DefaultData::Loader.load('en') if Redmine::DefaultData::Loader.no_data?
Setting['rest_api_enabled'] = '1'
admin = User.find_by_login('admin')
admin.update_columns(:must_change_passwd => false)
token = Token.where(:user_id => admin.id, :action => 'api').first
token ||= Token.create!(:user => admin, :action => 'api')
token.update_columns(:value => '{KEY}')
run Rails.application
"""
_PREPARED: Final = "prepared"


@dataclass(frozen=True, slots=True)
class RedmineServer:
    """A Redmine that answers at `url`; `key` is its administrator's."""

    url: str
    key: str = KEY


def why_not() -> str:
    """Why no Redmine can be started here; empty where one can."""
    if not (PACKAGE / "config.ru").is_file():
        return "No Redmine is installed: scripts/install_redmine.sh does it, as root on Debian 12."
    missing = [name for name in ("ruby", "bundle", "puma") if shutil.which(name) is None]
    return f"Redmine is installed, but not {', '.join(missing)}." if missing else ""


@contextmanager
def started(folder: Path) -> Iterator[RedmineServer]:
    """A Redmine over an empty database, in a folder that is the caller's."""
    site = folder / "redmine"
    shutil.copytree(_prepared(), site, symlinks=True)
    _configure(site)
    with _served(site) as server:
        yield server


def _prepared() -> Path:
    """The program with a database that holds Redmine's own defaults, made once."""
    base = Path(os.environ.get(FOLDER_VARIABLE) or _own_folder())
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    if base.stat().st_uid != os.getuid():
        raise PermissionError(f"{base} belongs to somebody else")
    version = (PACKAGE / "lib" / "redmine" / "version.rb").read_bytes() + _START.encode()
    site = base / hashlib.sha256(version).hexdigest()[:16]
    with (base / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (site / _PREPARED).exists():
            shutil.rmtree(site, ignore_errors=True)
            _make(site)
            (site / _PREPARED).touch()
    return site


def _own_folder() -> Path:
    return Path(tempfile.gettempdir()) / f"syncer-redmine-{os.getuid()}"


def _make(site: Path) -> None:
    shutil.copytree(PACKAGE, site, ignore=_LEFT_OUT)
    instance = site / "instances" / "default"
    for name in ("config", "tmp", "log", "files"):
        (instance / name).mkdir(parents=True)
    (site / "start.ru").write_text(_START)
    (site / "Gemfile.local").write_text('gem "puma"\n')
    gemfile = (site / "Gemfile").read_text()
    (site / "Gemfile").write_text(gemfile.replace("/usr/share/redmine/{config", f"{site}/{{config"))
    (instance / "config" / "secret_key.txt").write_text("0123456789abcdef" * 8)
    _configure(site)
    done = subprocess.run(
        ["bundle", "install", "--local"],
        cwd=site,
        env=_environment(site),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"Redmine's libraries are not all here:\n{done.stdout}{done.stderr}")
    with _served(site):
        pass


def _configure(site: Path) -> None:
    """Tell it where its database is; the path is also in its list of libraries."""
    for place in (site / "config", site / "instances" / "default" / "config"):
        (place / "database.yml").write_text(_DATABASE.format(folder=site))


def _environment(site: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "HOME": str(site),
        "BUNDLE_GEMFILE": str(site / "Gemfile"),
        "BUNDLER_VERSION": _BUNDLER,
        "RAILS_ENV": "production",
        "TZ": "Asia/Kathmandu",  # an instant that loses its zone on the way is wrong by 5:45 h
    }


@contextmanager
def _served(site: Path) -> Iterator[RedmineServer]:
    port = _free_port()
    log = site / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["bundle", "exec", "puma", "-b", f"tcp://127.0.0.1:{port}", "-t", "1:4", "start.ru"],
            cwd=site,
            env=_environment(site),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(process, url, log)
        yield RedmineServer(url)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until it answers who the key belongs to."""
    asked = urllib.request.Request(f"{url}/users/current.json", headers={"X-Redmine-API-Key": KEY})
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(asked, timeout=START_SECONDS):
                return
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"Redmine did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
