"""Who gets an edition: owners by name, each address once, and nobody forgotten in silence."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from syncer.cli.check import configuration_notes
from syncer.publish.audiences import audiences_of
from syncer.publish.channels.email import MailServer, prepared
from syncer.service.publishing import Publisher
from syncer.settings.faults import ConfigurationFaults
from syncer.settings.load import load_settings
from syncer.settings.portfolio import to_portfolio
from syncer.settings.root import Settings
from syncer.store.editions import load_edition
from syncer.store.engine import Store
from tests.publish.sink import HOST, Sink, running_sink
from tests.publish.world import (
    MONDAY,
    SERVICE,
    SUNDAY,
    HandClock,
    dispatches,
    publisher_at,
    service_at,
    smtp,
)

WORK = """
[[connections]]
name = "jira"
kind = "jira"
url = "https://acme.example"

[[projects]]
key = "work"
items = ["jira:NET"]

[[people]]
name = "J. Roth"
email = "roth@example.com"

[[people]]
name = "A. Silva"
email = "silva@example.com"

[[programs]]
key = "5g"
name = "5G Infrastructure"
owner = "j.  roth"
projects = ["work"]

[[programs]]
key = "6g"
name = "6G Research"
owner = "N. Body"
projects = ["work"]

[[programs]]
key = "7g"
name = "7G Dreams"
projects = ["work"]

[[products]]
key = "phone"
name = "5G Smartphone"
owner = "A. Silva"
projects = ["work"]
"""
TEAMS = """
[[audiences]]
key = "teams"
for_each = "program"
lens = "program"
channels = [{ kind = "email", to = ["{owner}", "ROTH@example.com", "pmo@example.com"] }]
"""


@pytest.fixture
async def sink() -> AsyncGenerator[Sink]:
    async with running_sink() as running:
        yield running


def settings_of(text: str, folder: Path) -> Settings:
    file = folder / "syncer.toml"
    file.write_text(SERVICE + text)
    return load_settings(file, {})


def recipients(text: str, folder: Path) -> dict[str, list[tuple[str, str]]]:
    settings = settings_of(text, folder)
    return {
        one.view.key: [(to.address, to.problem) for to in one.recipients]
        for one in audiences_of(settings, to_portfolio(settings))
    }


def test_owners_are_found_by_name_and_each_address_counts_once(tmp_path: Path) -> None:
    found = recipients(WORK + TEAMS, tmp_path)
    assert found["teams-5g"] == [("roth@example.com", ""), ("pmo@example.com", "")]
    (missing, *rest) = found["teams-6g"]
    assert missing == ("N. Body", "N. Body, owner of 6G Research, has no address in [[people]].")
    assert [address for address, _ in rest] == ["ROTH@example.com", "pmo@example.com"]
    assert found["teams-7g"][0] == (
        "owner of 7g",
        "7G Dreams has no owner in the configuration.",
    )


@pytest.mark.parametrize(
    ("lens", "expected"),
    [
        ("executive", {"roth@example.com", "silva@example.com"}),
        ("program", {"roth@example.com"}),
        ("product", {"silva@example.com"}),
    ],
)
def test_without_for_each_the_owners_are_those_of_the_lens(
    tmp_path: Path, lens: str, expected: set[str]
) -> None:
    text = f"""
[[audiences]]
key = "owners"
lens = "{lens}"
channels = [{{ kind = "email", to = ["{{owner}}"] }}]
"""
    found = recipients(WORK + text, tmp_path)["owners"]
    assert {address for address, problem in found if not problem} == expected


def test_check_names_whom_nothing_can_be_sent_to(tmp_path: Path) -> None:
    foreign = TEAMS.replace("pmo@", "büro@")
    notes = "\n".join(configuration_notes(settings_of(WORK + foreign, tmp_path)))
    assert "N. Body, owner of 6G Research, has no address in [[people]]" in notes
    assert "7G Dreams has no owner" in notes
    assert "'büro@example.com' has letters that mail servers do not take" in notes
    assert "teams-5g gets no mail: set host in [smtp]" in notes


async def test_somebody_without_an_address_is_a_failure_in_the_list_and_in_the_edition(
    sqlite_url: str, tmp_path: Path, sink: Sink
) -> None:
    clock = HandClock(SUNDAY)
    text = WORK + TEAMS + smtp(sink, timeout=20)
    async with Store(sqlite_url) as store:
        async with publisher_at(sqlite_url, tmp_path, text, clock=clock) as publisher:
            await publisher.publish_due()
            clock.instant = MONDAY
            assert len(await publisher.publish_due()) == 3
            await publisher.deliver_due()
        found = [one for one in await dispatches(store) if one.audience == "teams-6g"]
        async with store.read() as session:
            edition = await load_edition(session, "teams-6g", "2026-W48")
            other = await load_edition(session, "teams-5g", "2026-W48")
    assert {one.recipient: one.state for one in found} == {
        "N. Body": "failed",
        "ROTH@example.com": "sent",
        "pmo@example.com": "sent",
    }
    assert "Not sent to N. Body: no address." in " ".join(edition.contents["txt"].split())
    assert "Not sent" not in other.contents["txt"]
    assert len(sink.mails) == 6


@pytest.mark.parametrize(
    "address",
    ["x", "a b@example.com", "Board <board@example.com>", "a@b@c", "x\\r\\nBcc: y@z", "a@exa mple"],
)
def test_what_is_no_bare_address_is_refused_with_its_line(tmp_path: Path, address: str) -> None:
    text = f"""
[[audiences]]
key = "board"
channels = [{{ kind = "email", to = ["{address}"] }}]
"""
    with pytest.raises(ConfigurationFaults, match=r"syncer.toml:6.*no mail address"):
        settings_of(text, tmp_path)


def test_an_audience_that_for_each_would_make_twice_is_refused_with_both_places(
    tmp_path: Path,
) -> None:
    twice = WORK + TEAMS + '[[audiences]]\nkey = "teams-5g"\n'
    with pytest.raises(ConfigurationFaults, match="two audiences 'teams-5g'") as error:
        settings_of(twice, tmp_path)
    assert "syncer.toml:" in str(error.value.faults[0].place)
    narrowed = twice.replace('lens = "program"', 'lens = "program"\nprograms = ["6g"]')
    settings_of(narrowed, tmp_path)


async def test_a34_a_body_cannot_end_the_mail_or_begin_another(sink: Sink) -> None:
    server = MailServer(host=HOST, port=sink.port, tls="none")
    body = b"Subject: x\n\nfirst\n.\nMAIL FROM:<evil@example.com>\r\n.\r\nRCPT TO:<x@y>\n\r.\rend\n"
    async with prepared(
        server, sender="syncer@example.com", recipient="board@example.com", message=body
    ) as finish:
        await finish()
    (mail,) = sink.mails
    assert (mail.sender, mail.recipient) == ("syncer@example.com", "board@example.com")
    lines = mail.data.decode().splitlines()
    assert lines[2:] == [
        *("first", ".", "MAIL FROM:<evil@example.com>", ".", "RCPT TO:<x@y>", "", ".", "end"),
    ]


async def test_nothing_goes_out_before_the_last_step(sink: Sink) -> None:
    server = MailServer(host=HOST, port=sink.port, tls="none")
    large = b"Subject: x\r\n\r\n" + b"A line of text.\r\n" * 50_000
    async with prepared(
        server, sender="syncer@example.com", recipient="board@example.com", message=large
    ):
        pass
    assert (sink.connections, sink.mails) == (1, [])


async def test_a_past_snapshot_is_the_audiences_own_and_never_one_made_from_history(
    sqlite_url: str, tmp_path: Path
) -> None:
    two = (
        '[[audiences]]\nkey = "board"\nchannels = [{ kind = "file", path = "out" }]\n'
        '[[audiences]]\nkey = "press"\ncount_restricted = false\n'
        'channels = [{ kind = "file", path = "out" }]\n'
    )
    clock = HandClock(SUNDAY)
    morning = MONDAY - timedelta(minutes=90)
    async with service_at(sqlite_url, tmp_path, two, clock=clock) as service:
        publisher = Publisher(service, owner="serve")
        await publisher.publish_due()
        clock.instant = morning + timedelta(seconds=9)
        await publisher.publish_due()
        clock.instant = MONDAY
        await publisher.publish_due()
        found = {}
        for one in await service.audiences("board") + await service.audiences("press"):
            pair = await service.snapshots(as_of=morning, view=one.view)
            assert not pair.current.reconstructed
            found[one.view.key] = pair.current.id
        assert set(found) == {"board", "press"}
        async with service.store.read() as session:
            for key, snapshot in found.items():
                edition = await load_edition(session, key, "2026-W48")
                assert (edition.snapshot_id, edition.as_of) == (snapshot, morning)
