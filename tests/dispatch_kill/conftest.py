"""What all tests of this folder share: a server that they may stop, and a process to fork from."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.dispatch_kill.cluster import running_cluster
from tests.dispatch_kill.processes import Zygote
from tests.dispatch_kill.stage import House


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Generator[House]:
    """They run as long as the tests; with several workers each has its own."""
    zygote = Zygote(tmp_path_factory.mktemp("zygote") / "replicas.log")
    try:
        with running_cluster() as cluster:
            yield House(cluster=cluster, zygote=zygote)
    finally:
        zygote.close()
