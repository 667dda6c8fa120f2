"""What all tests of this folder share: a server that they may stop, and a process to fork from."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.dispatch_kill.stage import House
from tests.replicas.cluster import running_cluster
from tests.replicas.processes import Zygote


@pytest.fixture(scope="session")
def house() -> Generator[House]:
    """They run as long as the tests; with several workers each has its own."""
    zygote = Zygote("tests.dispatch_kill.replica")
    try:
        with running_cluster() as cluster:
            yield House(cluster=cluster, zygote=zygote)
    finally:
        zygote.close()
