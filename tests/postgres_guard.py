"""Runs a PostgreSQL server for as long as its caller lives: `postgres_guard.py FOLDER COMMAND …`.

The caller keeps our standard input open. Once that closes, because the caller is done or was
killed, the server is stopped and its folder removed. As root the server runs as the folder's owner,
since PostgreSQL refuses root.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

GRACE_SECONDS = 10


def owner_of(folder: Path) -> dict[str, Any]:
    """The arguments of `Popen` that make a process run as the folder's owner."""
    if os.geteuid() != 0:
        return {}
    status = folder.stat()
    return {"user": status.st_uid, "group": status.st_gid, "extra_groups": []}


def stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # a fast shutdown: sessions are ended
    try:
        server.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)  # an immediate one
        server.wait()


def main(folder: Path, command: list[str]) -> None:
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            **owner_of(folder),
        )
    sys.stdin.buffer.read()
    if server.poll() is None:
        stop(server)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
