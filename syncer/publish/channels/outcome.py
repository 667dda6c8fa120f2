"""What a channel promises: everything but the last step first, then the last step alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from syncer.errors import SyncerError
from syncer.store.dispatches import Dispatch

Finish = Callable[[], Awaitable[None]]
"""The step after which the message is out.

`DispatchFailed` where the channel refused it, `Unanswered` where nobody knows.
"""

Prepare = Callable[[Dispatch], AbstractAsyncContextManager[Finish]]
"""Opens the channel and hands over all but the last step; `DispatchFailed` where that fails."""


class Unanswered(SyncerError):
    """The last step was taken and no answer came: the message may or may not have gone out."""
