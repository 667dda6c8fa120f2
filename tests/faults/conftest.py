"""What tests of faults share with those of the daemon: a tracker, a folder and a database."""

from __future__ import annotations

from tests.serve.conftest import on_postgres, on_sqlite

__all__ = ["on_postgres", "on_sqlite"]
