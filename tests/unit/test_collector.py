"""What is there when the work begins is not searched for garbage; cycles made later are."""

from __future__ import annotations

import subprocess
import sys

_ASKED = """
import gc, weakref
from syncer.service.collector import spare_collections

class Node:
    pass

spare_collections()
frozen = gc.get_freeze_count()
node = Node()
node.self = node
seen = weakref.ref(node)
del node
spare_collections()  # once a process: a second call would keep the cycle for ever
gc.collect()
print(frozen > 1000, seen() is None)
"""


def test_what_is_there_is_spared_and_cycles_made_later_are_found() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _ASKED], check=True, stdout=subprocess.PIPE, text=True
    )
    assert told.stdout.split() == ["True", "True"]
