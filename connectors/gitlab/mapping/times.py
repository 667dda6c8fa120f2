"""Instants as GitLab writes them."""

from __future__ import annotations

from datetime import datetime

from syncer.connect.times import utc_instant


def to_the_second(value: str) -> datetime:
    """The instant in whole seconds; `Unmappable` for what is none, or bears no zone.

    REST writes milliseconds and perhaps an offset, GraphQL whole seconds, and both must tell the
    same.
    """
    return utc_instant(value).replace(microsecond=0)
