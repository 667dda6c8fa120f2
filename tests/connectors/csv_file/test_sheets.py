"""Rows of a sheet become items, and what changes in it becomes history."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.csv_file.config import CsvConfig
from connectors.csv_file.mapping import Row, read_row
from connectors.csv_file.memory import Memory
from connectors.csv_file.table import read_sheet
from syncer.domain.addresses import by_address
from syncer.domain.change import ChangeField
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemKind, ResolutionKind, StatusCategory
from syncer.domain.link import LinkKind
from syncer.domain.ref import ItemRef
from syncer.errors import BadPayload, CursorExpired, Rejected, Unreachable
from tests.connectors.csv_file.sheets import (
    DAY,
    NOON,
    PLAN,
    SHEET,
    Hands,
    by_key,
    connected,
    pages,
    save,
)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.csv"
    save(path, PLAN)
    return path


async def test_each_row_is_an_item_under_the_usual_headers(plan: Path) -> None:
    async with connected(plan) as connector:
        found = by_key(await pages(connector))
    hall, mayors, leaflets = (found[f"P-{n}"].item for n in (1, 2, 3))
    assert (hall.title, hall.status_category, hall.resolution_kind) == (
        "Rent the hall",
        StatusCategory.DONE,
        ResolutionKind.DELIVERED,
    )
    assert hall.done_at == datetime(2026, 11, 9, tzinfo=UTC)
    assert [a.name for a in mayors.assignees] == ["S. Weber", "K. Lang"]
    [link] = mayors.links
    assert (link.kind, link.inward, link.to) == (LinkKind.BLOCKS, True, ItemRef("plan", "P-1"))
    assert leaflets.due_date == date(2027, 1, 15)
    assert leaflets.links[0].to == by_address("https://acme.example/browse/REG-112")


async def test_a_sheet_that_is_the_same_costs_no_page(plan: Path) -> None:
    async with connected(plan) as connector:
        [page] = await pages(connector)
        assert await pages(connector, page.cursor) == []


async def test_a_changed_row_alone_is_told_with_what_changed(plan: Path) -> None:
    clock = Hands()
    async with connected(plan, clock=clock) as connector:
        [first] = await pages(connector)
        save(
            plan, PLAN.replace("Open;2027-01-15", "In progress;2027-02-01").replace("Invite", "Ask")
        )
        clock.at = NOON + DAY
        [page] = await pages(connector, first.cursor)
    found = by_key([page])
    assert sorted(found) == ["P-2", "P-3"]
    assert {(c.field, c.before, c.after, c.at) for c in found["P-3"].changes} == {
        (ChangeField.STATUS, "TODO", "IN_PROGRESS", NOON + DAY),
        (ChangeField.DUE, "2027-01-15", "2027-02-01", NOON + DAY),
    }
    assert found["P-3"].item.started_at == NOON + DAY
    assert found["P-2"].changes == ()


async def test_the_end_of_a_row_is_remembered_when_the_row_is_touched_again(plan: Path) -> None:
    clock = Hands()
    async with connected(plan, clock=clock) as connector:
        [page] = await pages(connector)
        for day, words in ((1, "Done;2027-01-15;"), (2, "Done;2027-01-15;N. N.")):
            clock.at = NOON + day * DAY
            save(plan, PLAN.replace("Open;2027-01-15;", words))
            [page] = await pages(connector, page.cursor)
    leaflets = by_key([page])["P-3"].item
    assert (leaflets.done_at, leaflets.updated_at) == (NOON + DAY, NOON + 2 * DAY)


async def test_other_rules_are_applied_to_rows_that_nobody_touched(plan: Path) -> None:
    save(plan, PLAN.replace("In progress", "Rolling"))
    async with connected(plan) as connector:
        [first] = await pages(connector)
    assert by_key([first])["P-2"].item.status_category is StatusCategory.UNKNOWN
    clock = Hands(NOON + DAY)
    async with connected(plan, clock=clock, statuses={"rolling": "IN_PROGRESS"}) as connector:
        [page] = await pages(connector, first.cursor)
    mayors = by_key([page])["P-2"]
    assert mayors.item.status_category is StatusCategory.IN_PROGRESS
    assert mayors.changes == ()
    assert mayors.item.updated_at == NOON


async def test_f7_rows_that_cannot_be_read_are_told_singly_with_their_line(plan: Path) -> None:
    save(
        plan,
        PLAN
        + "P-4;Bad day;Open;31.02.2026;;;\n"
        + ";No id;Open;;;;\n"
        + "P-5;Too long;Open;;;;;;;surplus\n"
        + "P-6;Once;Open;;;;\n"
        + "P-6;Twice;Open;;;;\n"
        + ";;;;;;\n",
    )
    async with connected(plan) as connector:
        [page] = await pages(connector)
        fetched = await connector.fetch([one.ref for one in page.unreadable])
    assert sorted(by_key([page])) == ["P-1", "P-2", "P-3"]
    reasons = {one.key: one.reason for one in page.unreadable}
    assert reasons["P-4"].startswith("line 5: column due: '31.02.2026' is no date")
    assert reasons[""] == "line 6: no id, or one of more than 200 characters"
    assert reasons["P-5"] == "line 7: 10 cells, but the header names 7"
    assert reasons["P-6"] == "line 8: the same id stands in line 9"
    assert {one.ref for one in fetched.unreadable} == {one.ref for one in page.unreadable}
    assert fetched.gone == ()


async def test_f13_a_row_that_was_taken_out_is_gone_and_the_others_are_not(plan: Path) -> None:
    async with connected(plan) as connector:
        await pages(connector)
        save(plan, "\n".join(PLAN.splitlines()[:3]))
        assert [ref.id async for ref in connector.inventory(SHEET)] == ["P-1", "P-2"]
        fetched = await connector.fetch([ItemRef("plan", "P-2"), ItemRef("plan", "P-3")])
    assert [one.item.key for one in fetched.records] == ["P-2"]
    assert fetched.gone == (ItemRef("plan", "P-3"),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"ID;Title\nP-1;Caf\xe9\n", "line 2: not in the encoding utf-8-sig"),
        (b"Number of things;What\n1;2\n", "no column for the id"),
        (b'ID,Title\nP-1,"open\n', "no CSV"),
    ],
)
async def test_f6_a_sheet_that_cannot_be_read_is_an_error_and_no_empty_sheet(
    plan: Path, content: bytes, said: str
) -> None:
    save(plan, content)
    async with connected(plan) as connector:
        with pytest.raises(BadPayload, match=said):
            await pages(connector)
        with pytest.raises(BadPayload, match=said):
            await connector.fetch([ItemRef("plan", "P-1")])


async def test_f3_a_file_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    async with connected(tmp_path / "nowhere.csv") as connector:
        with pytest.raises(Unreachable, match="No such file"):
            await pages(connector)


async def test_another_container_and_a_strange_cursor_are_refused(plan: Path) -> None:
    async with connected(plan, container="other") as connector:
        with pytest.raises(Rejected):
            await pages(connector)
    async with connected(plan) as connector:
        for strange in ("no", "{}", '{"v":9}', '{"v":1,"file":"","rules":"","rows":{"a":[1]}}'):
            with pytest.raises(CursorExpired):
                await pages(connector, Cursor(strange))


async def test_headers_and_words_of_ones_own(plan: Path) -> None:
    save(
        plan,
        "Nummer,Vorhaben,Stand,Bis,Art,Gehört zu,Intern,Programm\n"
        "7,Straße fegen,läuft,24.12.2026,Meilenstein,8,vielleicht,5G\n".encode("cp1252"),
    )
    async with connected(
        plan,
        encoding="cp1252",
        columns={
            "title": "Vorhaben",
            "status": "Stand",
            "due": "Bis",
            "parent": "Gehört zu",
            "restricted": "Intern",
        },
        custom_fields=["Programm", "Sparte"],
        date_formats=["%d.%m.%Y"],
        timezone="Europe/Berlin",
        item_url="https://sheets.example/plan?row={id}",
    ) as connector:
        [page] = await pages(connector)
        identity = await connector.probe()
    item = by_key([page])["7"].item
    assert (item.title, item.due_date, item.kind) == (
        "Straße fegen",
        date(2026, 12, 24),
        ItemKind.MILESTONE,
    )
    assert item.status_category is StatusCategory.IN_PROGRESS
    assert item.parent == ItemRef("plan", "8")
    assert item.restricted, "what is not clearly public is not shown"
    assert item.custom == {"Programm": "5G"}
    assert item.url == "https://sheets.example/plan?row=7"
    assert page.missing_detail == ("column Sparte",)
    assert any("'Sparte'" in one.message for one in identity.findings)


async def test_an_ambiguous_date_is_refused_until_a_format_is_configured(plan: Path) -> None:
    save(plan, "id,title,due\n1,One,03/04/2026\n")
    async with connected(plan) as connector:
        [page] = await pages(connector)
    assert "03/04/2026" in page.unreadable[0].reason
    async with connected(plan, date_formats=["%m/%d/%Y"]) as connector:
        [page] = await pages(connector)
    assert by_key([page])["1"].item.due_date == date(2026, 3, 4)


async def test_an_address_is_no_item_url_unless_it_is_one_of_the_web(plan: Path) -> None:
    save(plan, "id,title,url\n1,One,javascript:alert(1)\n2,Two,https://a.example/2\n")
    async with connected(plan) as connector:
        found = by_key(await pages(connector))
    assert (found["1"].item.url, found["2"].item.url) == ("", "https://a.example/2")


CONFIG = CsvConfig.model_validate({"name": "plan", "kind": "csv", "path": "plan.csv"})
CELLS = st.text(max_size=30)


@given(rows=st.lists(st.lists(CELLS, max_size=9), max_size=6), seen=st.booleans())
def test_any_cells_make_an_item_or_a_reason_and_no_exception(
    rows: list[list[str]], seen: bool
) -> None:
    rules = CONFIG.rules()
    quoted = [",".join('"' + c.replace('"', '""') + '"' for c in row) for row in rows]
    header = "id,title,status,due,parent,estimate,restricted,blocks,done"
    text = "\n".join([header, *quoted])
    sheet = read_sheet(text.encode(errors="replace"), rules=rules, encoding="utf-8", delimiter=",")
    for line in sheet.lines:
        one = read_row(sheet, line, rules=rules, seen=None, at=NOON)
        if seen and isinstance(one, Row):
            memory = Memory(file_digest="f", rules_digest="r", rows={"x": one.seen})
            [again] = Memory.of(memory.cursor()).rows.values()
            later = read_row(sheet, line, rules=rules, seen=again, at=NOON + DAY)
            assert isinstance(later, Row)
            assert later.record.changes == ()
            assert later.record.item.updated_at == one.record.item.updated_at
