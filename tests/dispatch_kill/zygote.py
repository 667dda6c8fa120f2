"""A process that has loaded everything, and becomes a replica as often as it is asked to.

`python -m tests.dispatch_kill.zygote LOG`: reads a replica's `Spec` a line, forks, prints the
process id. With its standard input everything that it began ends.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import traceback
from typing import NoReturn

from tests.dispatch_kill.replica import Spec, live


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    gc.freeze()
    children: list[int] = []
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(Spec(**json.loads(line)))
        children.append(child)
        print(child, flush=True)
    os.killpg(0, signal.SIGKILL)


def _become(spec: Spec) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(0)
    log = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        live(spec)
    except BaseException:  # noqa: BLE001  the end of a process, which may not go on as the zygote
        traceback.print_exc()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
