"""What the campaigns share: what becomes replicas, and a PostgreSQL that may be stopped."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.replicas.cluster import Cluster, running_cluster
from tests.replicas.processes import Zygote


@pytest.fixture(scope="session")
def zygote() -> Generator[Zygote]:
    """The process that becomes replicas; with several workers each has its own."""
    made = Zygote("tests.kill.replica")
    yield made
    made.close()


@pytest.fixture(scope="session")
def cluster() -> Generator[Cluster]:
    """The server; with several workers each has its own."""
    with running_cluster() as running:
        yield running
