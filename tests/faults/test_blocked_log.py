"""A log that nobody reads: F53, through a real pipe."""

from __future__ import annotations

import os
import threading

from syncer.log import QueuedStream

LINES = 50_000


def test_f53_who_logs_never_waits_for_the_reader_and_lost_lines_are_counted() -> None:
    reading, writing = os.pipe()
    read: list[str] = []

    def read_on() -> None:
        with os.fdopen(reading, encoding="utf-8") as source:
            read.extend(source)

    with os.fdopen(writing, "w", encoding="utf-8") as target:
        stream = QueuedStream(target, limit=1_000)
        for number in range(LINES):  # far more than a pipe holds
            stream.write(f"line {number} {'x' * 100}\n")
        dropped = stream.dropped
        reader = threading.Thread(target=read_on)
        reader.start()
        stream.drain(60)
        stream.write("after the reader came back\n")
        stream.drain(60)
    reader.join(60)

    assert dropped > 0
    assert len(read) == LINES - dropped + 1
    assert read[0].startswith("line 0 ")
    assert read[-1] == "after the reader came back\n"
