"""Other tools that sync Jira, each in a throw-away environment of its own beside the project's.

They are installed by name with pip when `--peers` asks for them, and stay where they are for the
next time. Each reads the made-up Data Center and tells how long its own work took, without its
start; what cannot be installed or pointed at that tracker says why.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Final

from bench.timing import Spent
from bench.tracker import Tracker

INSTALL_SECONDS: Final = 600
RUN_SECONDS: Final = 900
_HOME: Final = Path(gettempdir()) / "syncer-bench-peers"
_MARK: Final = "SPENT "

_TAP_JIRA: Final = """
import json, os, sys, time
import tap_jira, tap_jira.http
url = os.environ["BENCH_URL"]
# The tap puts https:// before every address; the made-up tracker speaks http on loopback.
tap_jira.http.Client.url = lambda self, path: url + "/" + path.lstrip("/")
tap_jira.Context.client = type("C", (), {"is_on_prem_instance": True})()
catalog = tap_jira.discover().to_dict()
for stream in catalog["streams"]:
    if stream["tap_stream_id"] in ("issues", "changelogs"):
        stream["schema"]["selected"] = True
        for one in stream["metadata"]:
            one["metadata"]["selected"] = True
config = {"start_date": "2020-01-01T00:00:00Z", "username": "bot", "password": "secret",
          "base_url": url, "user_agent": "bench"}
json.dump(config, open("config.json", "w")); json.dump(catalog, open("catalog.json", "w"))
sys.argv = ["tap-jira", "--config", "config.json", "--properties", "catalog.json"]
begun, worked = time.perf_counter(), time.process_time()
tap_jira.main()
print("SPENT", time.perf_counter() - begun, time.process_time() - worked, file=sys.stderr)
"""

_DLT: Final = """
import os, sys, time
import dlt
from dlt.sources.rest_api import rest_api_source
source = rest_api_source({
    "client": {"base_url": os.environ["BENCH_URL"], "paginator": {
        "type": "offset", "limit": 100, "offset_param": "startAt", "limit_param": "maxResults",
        "total_path": "total"}},
    "resources": [{"name": "issues", "primary_key": "id", "write_disposition": "append",
        "endpoint": {"path": "rest/api/2/search", "data_selector": "issues", "params": {
            "jql": "ORDER BY id ASC", "fields": "*all", "expand": "changelog"}}}],
})
pipeline = dlt.pipeline("bench", pipelines_dir=os.getcwd(), dataset_name="jira",
                        destination=dlt.destinations.duckdb("bench.duckdb"))
begun, worked = time.perf_counter(), time.process_time()
pipeline.run(source)
print("SPENT", time.perf_counter() - begun, time.process_time() - worked, file=sys.stderr)
with pipeline.sql_client() as client:
    rows = client.execute_sql("SELECT count(*) FROM issues")[0][0]
assert rows == int(os.environ["BENCH_ISSUES"]), rows
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """One other tool: what to install, what to run there, and what its work comprises."""

    name: str
    requirement: str
    script: str
    work: str


PEERS: Final = (
    Peer("tap-jira", "tap-jira", _TAP_JIRA, "issues and changelogs as text, stored by nobody"),
    Peer("dlt", "dlt[duckdb]", _DLT, "rest_api source into a new DuckDB file"),
)


class NotMeasured(Exception):
    """Why a tool was not measured."""


def spent(peer: Peer, one: Tracker) -> Spent:
    """What the tool's own work takes; `NotMeasured` where it cannot be had or does not run."""
    python = _installed(peer)
    variables = {"BENCH_URL": one.url, "BENCH_ISSUES": str(one.issues)}
    with TemporaryDirectory(prefix="syncer-bench-") as folder:
        told = _run([python, "-c", peer.script], folder=folder, variables=variables)
    lines = [line for line in told.splitlines() if line.startswith(_MARK)]
    if not lines:
        raise NotMeasured(f"does not run: {_last(told)}")
    return Spent(*map(float, lines[-1].removeprefix(_MARK).split()))


def _installed(peer: Peer) -> str:
    """The interpreter of the tool's environment, which is made the first time."""
    place = _HOME / f"{peer.name}-{sys.version_info.major}.{sys.version_info.minor}"
    python = place / "bin" / "python"
    ready = place / "ready"
    if ready.exists():
        return str(python)
    try:
        subprocess.run([sys.executable, "-m", "venv", place], check=True, capture_output=True)  # noqa: S603  our own interpreter
        subprocess.run(  # noqa: S603  the tool's name stands above
            [python, "-m", "pip", "install", "--quiet", peer.requirement],
            check=True,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        raise NotMeasured(f"not installable: {_last(str(error.stderr))}") from None
    except subprocess.TimeoutExpired:
        raise NotMeasured(f"not installable within {INSTALL_SECONDS} s") from None
    ready.touch()
    return str(python)


def _run(command: list[str], *, folder: str, variables: Mapping[str, str]) -> str:
    """What a command says on standard error; its output is dropped unread."""
    try:
        done = subprocess.run(  # noqa: S603  a script of ours
            command,
            check=False,
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=RUN_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise NotMeasured(f"not done after {RUN_SECONDS} s") from None
    if done.returncode:
        raise NotMeasured(f"does not run: {_last(done.stderr)}")
    return done.stderr


def _last(text: str) -> str:
    lines = text.strip().splitlines() or ["no words"]
    return lines[-1][:120]
