"""The search for cyclic garbage, kept away from what is no garbage."""

from __future__ import annotations

import gc
from functools import cache
from typing import Final

THRESHOLDS: Final = (20_000, 20, 50)
"""After so many new containers the young ones are searched; the next ones count such searches."""


def search_rarely() -> None:
    """Search by the thresholds of long work; at once, since importing alone makes so much.

    A tenth of the time until the daemon is ready went into finding nothing among what imports make.
    """
    gc.set_threshold(*THRESHOLDS)


@cache
def spare_collections() -> None:
    """Let no search walk again and again over what lives as long as the process; once a process.

    Half a million objects are there once everything is imported, and a page of a hundred issues
    makes sixty thousand more that die by their reference counts: by Python's own thresholds a third
    of a full sync went into finding nothing. Cycles are found as before, a little later (Python's
    manual, "gc": `freeze` is meant for what is there before the work begins).
    """
    gc.freeze()
    search_rarely()


def spare_loaded() -> None:
    """Let no search ever walk over what is there now: for a command that has loaded all its items.

    The search that is due once a store has been read would find nothing in half a million objects,
    for a tenth of the time of reading. In a daemon it stays: what else it has begun meanwhile may
    become garbage one day.
    """
    gc.freeze()
