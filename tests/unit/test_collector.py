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


_LOADED = """
import gc, weakref
from syncer.service.collector import spare_collections, spare_loaded

class Node:
    pass

spare_collections()
before = gc.get_freeze_count()
nodes = [Node() for _ in range(1000)]
spare_loaded()
grown = gc.get_freeze_count() - before
seen = weakref.ref(nodes[0])
del nodes
print(grown >= 1000, seen() is None)
"""


def test_what_a_command_loaded_is_not_searched_and_ends_with_its_last_user() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _LOADED], check=True, stdout=subprocess.PIPE, text=True
    )
    assert told.stdout.split() == ["True", "True"]
