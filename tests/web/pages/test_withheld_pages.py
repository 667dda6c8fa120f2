"""What a restricted item says changes no byte of any page, and hidden ones leave no trace."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from syncer.clock import FixedClock
from syncer.service.core import Service
from syncer.service.reading import StoreReader
from syncer.settings.load import load_settings
from syncer.web.pages.app import pages_app
from tests.acceptance.test_hostile_restricted import CONFIGURATION, HIDDEN, NOW, ONE, TWO, site
from tests.connectors.jira.small_jira import SmallJira

CASES = ("A63 dependency", "A63 risk", "A66 epic with public children")
START = ("/", "/items", "/sources", "/editions", "/how-colours-work")
HREF = re.compile(r'href="(/[^"#]*)')
TRACES = ("Acquire", "rival", "Falcon", "Deal Maker", ONE.key, f"jira:{10_000 + HIDDEN}")


async def pages_of(jira: SmallJira, folder: Path, *, count: str = "") -> dict[str, str]:
    """Every page that can be reached, by address, after a sync with this site."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", jira.handle)
    async with TestServer(app) as server:
        text = CONFIGURATION.format(url=str(server.make_url("")).rstrip("/"), count=count)
        await asyncio.to_thread(folder.mkdir)
        await asyncio.to_thread((folder / "syncer.toml").write_text, text)
        settings = load_settings(folder / "syncer.toml", {"JIRA_TOKEN": "tok-1a2b-secret"})
        async with Service(settings, clock=FixedClock(NOW)) as service:
            assert all(one.ok for one in await service.sync())
            reader = StoreReader(service)
            async with TestClient(TestServer(pages_app(reader))) as client:
                found = await _crawled(client)
            await reader.aclose()
    return {address: _without_urls(page) for address, page in found.items()}


async def _crawled(client: TestClient[web.Request, web.Application]) -> dict[str, str]:
    found: dict[str, str] = {}
    waiting = list(START)
    while waiting:
        address = waiting.pop()
        if address in found or address.startswith("/static/"):
            continue
        answer = await client.get(address.replace("&amp;", "&"))
        found[address] = f"{answer.status}\n{await answer.text()}"
        if not address.startswith("/items?"):
            waiting += HREF.findall(found[address])
    missing = await client.get(f"/items/jira:{10_000 + HIDDEN}")
    unknown = await client.get("/items/jira:123456789")
    assert missing.status == unknown.status == 404
    assert await missing.text() == await unknown.text()
    return found


def _without_urls(page: str) -> str:
    """The sites differ in their port, and with it snapshots and risks in their ids."""
    return re.sub(r"S-[0-9a-f]{12}", "S-", re.sub(r"127\.0\.0\.1:\d+", "site", page))


@pytest.mark.parametrize("case", CASES)
async def test_the_words_of_a_restricted_item_change_no_byte_of_any_page(
    case: str, tmp_path: Path
) -> None:
    one = await pages_of(site(case, ONE), tmp_path / "one")
    two = await pages_of(site(case, TWO), tmp_path / "two")
    assert len(one) > 60
    assert one.keys() == two.keys()
    for address, page in one.items():
        assert page == two[address], address
        for trace in TRACES:
            assert trace not in page, (address, trace)
    assert any("1 restricted withheld" in page for page in one.values())


@pytest.mark.parametrize("case", CASES)
async def test_a63_where_they_may_not_be_counted_the_pages_are_as_without_them(
    case: str, tmp_path: Path
) -> None:
    silent = "count_restricted = false"
    with_it = await pages_of(site(case, ONE), tmp_path / "with", count=silent)
    without = await pages_of(site(case, None), tmp_path / "without", count=silent)
    assert with_it.keys() == without.keys()
    for address in without:
        assert with_it[address] == without[address], address
        assert "restricted" not in with_it[address], address
