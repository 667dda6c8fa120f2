"""Connectors ask nothing that the vendor's own description of its API refuses."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from scripts.fetch_mock_server import PROGRAM
from syncer.connect.protocol import ListsVersions, SelectsByQuery
from syncer.connect.testing.lab import NOON, Lab, lab_of
from syncer.connect.testing.world import blocks
from syncer.domain.ref import ItemRef
from tests.conformance.azure_devops_adapter import AzureDevOps
from tests.conformance.jira_adapters import JiraCloud
from tests.connectors.described import by_organisation, described, judging

_HERE = pytest.mark.skipif(
    not PROGRAM.exists() or shutil.which("node") is None,
    reason="no mock server: run scripts/fetch_mock_server.py (needs npm)",
)
DAY = timedelta(days=1)
HEADERS = {"Authorization": "Basic OngK", "Content-Type": "application/json"}


async def everything(lab: Lab) -> None:
    """All that a connector is ever asked for, with items that have all there is."""
    ids = lab.fill(9)
    far = lab.add(abroad=True, body="far & away", labels=("a b", "ü"))
    lab.edit(ids[0], status="In Progress", parent=ids[1], title="50 % “more”")
    for number in range(60):
        lab.edit(ids[4], title=f"Title {number}")
    lab.world.link(blocks("1", far, ids[0], at=lab.clock.now()))
    await lab.connector.probe()
    for container in (lab.home, lab.abroad):
        first = await lab.read(container=container)
        lab.clock.pass_by(DAY)
        lab.edit(ids[2], title="Changed")
        lab.world.delete(ids[3], lab.clock.now())
        await lab.read(first.cursor, container=container)
        assert await lab.inventory(container)
    fetched = await lab.fetch(*ids[:4], far)
    assert len(fetched.records) == 4
    await lab.connector.fetch([ItemRef(lab.home.connection, "987654", "")])
    if isinstance(lab.connector, ListsVersions):
        assert [one async for one in lab.connector.versions(lab.home, NOON - 9 * DAY)]
    if isinstance(lab.connector, SelectsByQuery):
        assert [one async for one in lab.connector.select("created >= -90d")]


REFUSED = (
    ("GET", "/acme/_apis/wit/recyclebin?ids=1", b""),  # no version
    ("GET", "/acme/_apis/wit/workItems/x/updates?api-version=7.1", b""),
    ("GET", "/acme/_apis/wit/reporting/workitemrevisions?api-version=7.1&$maxPageSize=many", b""),
    ("POST", "/acme/_apis/wit/workitemsbatch?api-version=7.1", b'{"ids":["x"]}'),
    ("POST", "/acme/_apis/wit/workitemsbatch?api-version=7.1", b'{"errorPolicy":"shrug"}'),
    ("POST", "/acme/_apis/wit/wiql?api-version=7.1", b""),
    ("GET", "/acme/_apis/wit/dreams?api-version=7.1", b""),
)
"""What no description has: a judge that lets these pass judges nothing."""


@_HERE
async def test_azure_devops_is_asked_as_its_description_has_it(
    shared_data: Path, tmp_path: Path
) -> None:
    file = "azure-devops-work-item-tracking-7.1.swagger.json.gz"
    told = by_organisation(described(shared_data / "api-descriptions" / file))
    async with judging(told, tmp_path) as judge, lab_of(AzureDevOps()) as lab:
        lab.tracker.server.fail(judge.before(lambda path: "/_apis/wit/" in path), times=None)
        await everything(lab)
        assert judge.refused == []
        names = {re.sub(r"/workItems/\d+/", "/workItems/{id}/", one) for one in judge.asked}
        for method, path, body in REFUSED:
            assert await judge.verdict(method, path, body=body, headers=HEADERS), path
    assert names == {
        "GET /acme/_apis/wit/reporting/workitemrevisions",
        "GET /acme/_apis/wit/reporting/workitemlinks",
        "POST /acme/_apis/wit/workitemsbatch",
        "GET /acme/_apis/wit/workItems/{id}/updates",
        "GET /acme/_apis/wit/recyclebin",
        "POST /acme/_apis/wit/wiql",
        "GET /acme/Masts/_apis/wit/workitemtypes",
        "GET /acme/Masts/_apis/wit/classificationnodes",
        "GET /acme/Smart%20Phone/_apis/wit/workitemtypes",
        "GET /acme/Smart%20Phone/_apis/wit/classificationnodes",
    }


@_HERE
async def test_jira_cloud_is_asked_as_its_description_has_it(
    shared_data: Path, tmp_path: Path
) -> None:
    told = described(shared_data / "api-descriptions" / "jira-cloud-v3.openapi.json.gz")
    async with judging(told, tmp_path) as judge, lab_of(JiraCloud()) as lab:
        lab.tracker.server.fail(
            judge.before(lambda path: path.startswith("/rest/api/3/")), times=None
        )
        await everything(lab)
        assert judge.refused == []
        assert judge.asked >= {
            f"{one[0]} /rest/api/3/{one[1]}"
            for one in (
                ("GET", "myself"),
                ("GET", "field"),
                ("GET", "project/search"),
                ("POST", "search/jql"),
                ("POST", "issue/bulkfetch"),
                ("POST", "changelog/bulkfetch"),
            )
        }
        for path in ("/rest/api/3/dreams", "/rest/api/3/project/search?maxResults=many"):
            assert await judge.verdict("GET", path, headers=HEADERS), path
