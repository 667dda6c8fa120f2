"""A process that has loaded everything, and becomes a replica as often as it is asked to.

`python -m tests.replicas.zygote MODULE`: the module has a dataclass `Spec` and a function `live`.
Reads a JSON object a line (`spec`, and `log`, where the replica writes), forks, and prints the
process id. With its standard input everything that it began ends.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, NoReturn


def main(module: str) -> None:
    """Fork once for each line."""
    kind = import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    gc.freeze()
    for line in sys.stdin:
        told = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(partial(kind.live, kind.Spec(**told["spec"])), told["log"])
        print(child, flush=True)
    os.killpg(0, signal.SIGKILL)


def _become(live: Callable[[], Any], log: str) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(0)
    opened = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(opened, 1)
    os.dup2(opened, 2)
    try:
        live()
    except BaseException:  # noqa: BLE001  the end of a process, which may not go on as the zygote
        traceback.print_exc()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
