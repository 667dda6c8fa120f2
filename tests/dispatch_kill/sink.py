"""An SMTP server in a process of its own, which puts each message on the disk before it answers.

`python -m tests.dispatch_kill.sink LOG SEED`: prints its port, and ends with its standard input. It
is slow at random, so that others die while it does this or that; now and then it asks for another
try, or goes away without a word after it has taken a message. While there is a file `LOG.refuse` it
refuses every recipient for now, and writes a line about each into that file.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import sys
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import BinaryIO, Final

BEFORE_SECONDS: Final = 0.02
AFTER_SECONDS: Final = 0.05
_DEFERRED: Final = 0.01
_DEAF: Final = 0.01
_LARGEST: Final = 1 << 22


class Sink:
    """The log, open for writing, and a die."""

    def __init__(self, log: BinaryIO, seed: int, refuse: Path) -> None:
        self._log = log
        self._refuse = refuse
        self._random = random.Random(seed)

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection."""
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(b"220 sink.example\r\n")
        recipient = ""
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"RCPT":
                recipient = line.decode().partition("<")[2].partition(">")[0]
            if verb == b"RCPT" and self._refuses(recipient):
                writer.write(b"451 not now\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                data = await reader.readuntil(b"\r\n.\r\n")
                if not await self._take(data, recipient, writer):
                    return
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"250 OK\r\n")

    def _refuses(self, recipient: str) -> bool:
        if not self._refuse.exists():
            return False
        with self._refuse.open("a", encoding="utf-8") as file:
            file.write(f"{recipient}\n")
        return True

    async def _take(self, data: bytes, recipient: str, writer: StreamWriter) -> bool:
        """Log, then answer; False where the connection is to end without an answer."""
        await asyncio.sleep(self._random.uniform(0, BEFORE_SECONDS))
        if self._random.random() < _DEFERRED:
            writer.write(b"451 not now\r\n")
            return True
        self._keep(data, recipient)
        await asyncio.sleep(self._random.uniform(0, AFTER_SECONDS))
        if self._random.random() < _DEAF:
            return False
        writer.write(b"250 taken\r\n")
        return True

    def _keep(self, data: bytes, recipient: str) -> None:
        message = message_from_bytes(data, policy=default)
        head, _, body = data.partition(b"\r\n\r\n")
        told = {
            "message_id": message["Message-ID"],
            "recipient": recipient,
            "flag": message["X-Syncer-Redelivery"] or "",
            "body": hashlib.sha256(body).hexdigest(),
            "head": len(head),
        }
        self._log.write(json.dumps(told).encode() + b"\n")
        self._log.flush()
        os.fsync(self._log.fileno())


async def main(log: Path, seed: int) -> None:
    with log.open("ab") as file:
        sink = Sink(file, seed, log.with_name(f"{log.name}.refuse"))
        server = await asyncio.start_server(sink.serve, "127.0.0.1", 0, limit=_LARGEST)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)
        server.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
