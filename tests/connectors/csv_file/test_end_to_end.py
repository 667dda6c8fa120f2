"""A sheet from a file and from an address into the store, and what is taken out of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from syncer.domain.item import ItemState
from syncer.errors import AuthFailed
from syncer.store.engine import Store
from syncer.store.items import load_records
from syncer.store.sources import load_sources
from syncer.sync.connection import Wanted, pull_connection
from syncer.sync.reconcile import census_connection
from tests.connectors.csv_file.sheets import NOON, PLAN, Hands, connected, pages, save

HOUR = timedelta(hours=1)


async def test_a_sheet_is_pulled_and_a_census_finds_the_row_that_was_taken_out(
    store: Store, tmp_path: Path
) -> None:
    plan, clock = tmp_path / "plan.csv", Hands()
    save(plan, PLAN)
    async with connected(plan, clock=clock) as connector:
        await pull_connection(store, connector, connection="plan", clock=clock)
        clock.at = NOON + HOUR
        save(plan, PLAN.replace("Open", "In progress").replace("P-1;Rent", "P-9;Rent"))
        await pull_connection(store, connector, connection="plan", clock=clock)
        clock.at = NOON + 26 * HOUR
        await census_connection(
            store,
            connector,
            connection="plan",
            wanted=Wanted(),
            due=lambda _state: True,
            clock=clock,
        )
    async with store.read() as session:
        stored = {one.item.key: one for one in await load_records(session)}
        [source] = await load_sources(session)
    assert {key: one.item.state for key, one in stored.items()} == {
        "P-1": ItemState.DELETED,
        "P-2": ItemState.LIVE,
        "P-3": ItemState.LIVE,
        "P-9": ItemState.LIVE,
    }
    assert [change.after for change in stored["P-3"].changes] == ["IN_PROGRESS"]
    assert source.detail.items == 3


async def test_f5_a_sheet_behind_an_address_and_the_login_page_that_comes_instead() -> None:
    login = False

    async def sheet(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer sesame"
        assert request.query["format"] == "csv"
        if login:
            return web.Response(text="<!doctype html><p>Sign in", content_type="text/html")
        body = PLAN.replace("Rent", "Mieten für").encode("cp1252")
        return web.Response(body=body, headers={"Content-Type": "text/csv; charset=cp1252"})

    app = web.Application()
    app.router.add_get("/export", sheet)
    async with TestServer(app) as server:
        url = str(server.make_url("/export").with_query(format="csv", key="k3y"))
        auth = {"type": "pat", "token_env": "T"}
        async with connected(url=url, auth=auth, env={"T": "sesame"}) as connector:
            [page] = await pages(connector)
            assert page.records[0].item.title == "Mieten für the hall"
            identity = await connector.probe()
            assert "k3y" not in repr(identity)
            login = True
            with pytest.raises(AuthFailed, match="login needed"):
                await pages(connector)
