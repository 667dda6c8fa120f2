"""Where the bytes of a sheet come from: a file that people save, or an address."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final, Protocol

from syncer.connect.http import HttpClient
from syncer.errors import BadPayload, Unreachable

MOST_BYTES: Final = 32 * 1024 * 1024
_ATTEMPTS: Final = 3


class Source(Protocol):
    """Something that holds one sheet."""

    encoding: str

    async def read(self) -> bytes:
        """The whole sheet, never a part of it."""
        ...


class FileSource:
    """A file, as long as nobody writes it at the same time."""

    def __init__(self, path: Path, *, encoding: str) -> None:
        self._path = path
        self.encoding = encoding

    async def read(self) -> bytes:
        """The file's content.

        `Unreachable` where it is not there, may not be read, or changes while it is read;
        `BadPayload` where it is longer than a spreadsheet can be.
        """
        for _ in range(_ATTEMPTS):
            data = await asyncio.to_thread(self._read_once)
            if data is not None:
                return data
        raise Unreachable(
            f"{self._path} changes while it is read.", fix="The next sync tries again."
        )

    def _read_once(self) -> bytes | None:
        """The content, or None where the file changed meanwhile."""
        try:
            before = self._path.stat()
            if before.st_size > MOST_BYTES:
                raise BadPayload(
                    f"{self._path} has more than {MOST_BYTES} bytes.",
                    fix="Divide it into several files, each a connection of its own.",
                )
            data = self._path.read_bytes()
            after = self._path.stat()
        except OSError as error:
            raise Unreachable(
                f"{self._path} cannot be read ({error.strerror or type(error).__name__}).",
                fix="Check `path` and that syncer may read it; the stored items are kept.",
            ) from None
        same = (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
        return data if same and len(data) == after.st_size else None


class WebSource:
    """An address that answers with the sheet; what it sends is made UTF-8 on the way."""

    encoding = "utf-8"

    def __init__(self, client: HttpClient, url: str) -> None:
        self._client = client
        self._url = url

    async def read(self) -> bytes:
        """The body of the answer; errors as in `HttpClient`, a login page is `AuthFailed`."""
        answer = await self._client.get(self._url, decode=bytes)
        data: bytes = answer.data
        return data
