"""The one place where a fault that nobody foresaw is kept from what has nothing to do with it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from syncer.errors import SyncerError, Unreachable
from syncer.log import get_logger

_log: Final = get_logger(__name__)


@contextmanager
def isolated(subject: str, *, part: str = "connector") -> Generator[None]:
    """Turn what `part` never should have raised into an error of `subject` alone, and log it.

    Errors of syncer itself pass as they are: they say already what is to be done.
    """
    try:
        yield
    except SyncerError:
        raise
    except Exception as error:
        _log.error(f"a {part} failed", subject=subject, exc_info=error)
        raise Unreachable(
            f"The {part} failed on {subject} ({type(error).__name__}).",
            fix=f"This is a fault of the {part}: report it with the log.",
        ) from error
