"""A real Roundup in a process of its own: `python roundup_site.py HOME COUNT`.

Makes a tracker of the classic template with COUNT issues in HOME and serves it on loopback, letting
each user call its REST API once in two seconds. Prints its port once it listens; ends with its
input. Source: Roundup's Administration Guide and its REST API page, "Rate Limiting".
"""

from __future__ import annotations

import re
import sys
import threading
from contextlib import redirect_stdout
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import roundup.instance
from roundup.admin import AdminTool
from roundup.cgi.wsgi_handler import RequestDispatcher

PASSWORD: Final = "made-up"
SECONDS: Final = 2
_SETTINGS: Final = {
    "domain": "example.com",
    "host": "127.0.0.1",
    "web": "http://127.0.0.1/",
    "api_calls_per_interval": "1",
    "api_interval_in_sec": str(SECONDS),
}


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name above
        """Say nothing."""


def make(home: Path, count: int) -> None:
    """A tracker with issues; every third one is resolved."""
    _admin(home, "install", "classic", "sqlite")
    file = home / "config.ini"
    text = file.read_text(encoding="utf-8")
    for name, value in _SETTINGS.items():
        text = re.sub(rf"(?m)^#?{name} = .*$", f"{name} = {value}", text, count=1)
    file.write_text(text, encoding="utf-8")
    _admin(home, "initialise", PASSWORD)
    database = roundup.instance.open(str(home)).open("admin")
    for number in range(1, count + 1):
        status = "resolved" if number % 3 == 0 else "in-progress"
        found = database.status.lookup(status)
        database.issue.create(title=f"Check mast {number} · ridge", status=found)
    database.commit()
    database.close()


def _admin(home: Path, *words: str) -> None:
    with redirect_stdout(sys.stderr):
        tool = AdminTool()
        sys.argv = ["roundup-admin", "-i", str(home), *words]
        if tool.main():
            raise SystemExit(f"roundup-admin {words[0]} failed")


def serve(home: Path) -> None:
    """Serve the tracker until the input ends."""
    dispatcher = RequestDispatcher(str(home))
    with make_server("127.0.0.1", 0, dispatcher, _Server, _Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    place, number_of_issues = Path(sys.argv[1]), int(sys.argv[2])
    make(place, number_of_issues)
    serve(place)
