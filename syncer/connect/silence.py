"""Why no answer came, for people."""

from __future__ import annotations

import aiohttp


def why_silent(error: Exception) -> str:
    """Why there was no answer, in words; what has none is called by its sort."""
    match error:
        case TimeoutError():
            return "it took too long"
        case aiohttp.ClientConnectorDNSError():
            return "no such host is known"
        case aiohttp.ClientConnectorError():
            return (error.os_error.strerror or "no connection").lower()
        case aiohttp.ServerDisconnectedError() | ConnectionResetError():
            return "the connection was dropped"
        case _:
            return type(error).__name__
