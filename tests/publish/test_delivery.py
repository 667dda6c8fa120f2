"""Dispatches at a real SMTP server that answers as scripted (reliability spec, F36 to F40, F44)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from syncer.publish.outbox import pause_after
from syncer.service.publishing import Publisher
from syncer.store.dispatches import DispatchState, claim, intend, mark_sent
from syncer.store.engine import Store
from tests.publish.sink import PASSWORD, USER, Sink, make_certificate, running_sink
from tests.publish.world import (
    MONDAY,
    SUNDAY,
    HandClock,
    audience,
    dispatches,
    let_time_pass,
    publisher_at,
    service_at,
    smtp,
    states,
)

BOARD = audience("board@example.com", "cto@example.com", "coo@example.com")


@pytest.fixture
async def sink() -> AsyncGenerator[Sink]:
    async with running_sink() as running:
        yield running


@asynccontextmanager
async def published(url: str, folder: Path, text: str) -> AsyncGenerator[Publisher]:
    """A publisher with the edition of week 48 on its way."""
    clock = HandClock(SUNDAY)
    async with publisher_at(url, folder, text, clock=clock) as publisher:
        await publisher.publish_due()
        clock.instant = MONDAY
        assert len(await publisher.publish_due()) == 1
        yield publisher


async def test_each_recipient_gets_one_mail_and_all_tries_say_the_same(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    async with published(database_url, tmp_path, BOARD + smtp(sink, timeout=20)) as publisher:
        await publisher.deliver_due()
        await let_time_pass(store)
        assert await publisher.deliver_due() == []
    assert sink.recipients() == ["board@example.com", "coo@example.com", "cto@example.com"]
    assert {mail.sender for mail in sink.mails} == {"syncer@example.com"}
    assert len({mail.message["Message-ID"] for mail in sink.mails}) == 3
    assert set((await states(store)).values()) == {"sent"}
    mail = sink.mails[0].message
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "Senior management <leadership.example.com>"
    assert mail["Date"].datetime == MONDAY
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


async def test_f36_a_server_that_is_not_there_is_tried_again_without_doubt(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    nobody = Sink(port=1)
    async with published(database_url, tmp_path, BOARD + smtp(nobody)) as publisher:
        await publisher.deliver_due()
        assert await publisher.deliver_due() == []  # nothing before the pause is over
    found = await dispatches(store)
    assert {(one.state, one.in_doubt) for one in found} == {("pending", 0)}
    assert all("No connection to the mail server 127.0.0.1:1" in one.error for one in found)
    assert all(one.next_try_at - one.created_at >= timedelta(minutes=1) for one in found)


async def test_f37_a_greylisted_mail_is_deferred_and_then_sent_once(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    sink.data_answers = ["451 try later"] * 3
    async with published(database_url, tmp_path, BOARD + smtp(sink, timeout=20)) as publisher:
        await publisher.deliver_due()
        assert set((await states(store)).values()) == {"pending"}
        assert all("451 'try later'" in one.error for one in await dispatches(store))
        await let_time_pass(store)
        await publisher.deliver_due()
    assert set((await states(store)).values()) == {"sent"}
    assert len(sink.mails) == 3
    assert all(mail.message["X-Syncer-Redelivery"] is None for mail in sink.mails)


@pytest.mark.parametrize("at", [DispatchState.CLAIMED, DispatchState.SENDING])
async def test_f44_a_replica_that_died_leaves_its_row_to_the_others(
    database_url: str, store: Store, tmp_path: Path, sink: Sink, at: DispatchState
) -> None:
    async with published(database_url, tmp_path, BOARD + smtp(sink, timeout=20)) as publisher:
        async with store.write() as session:
            dead = await claim(session, "serve dead")
        assert dead is not None
        if at is DispatchState.SENDING:
            async with store.write() as session:
                assert await intend(session, dead, lease=timedelta(seconds=30))
        await publisher.deliver_due()
        assert len(sink.mails) == 2
        await let_time_pass(store)
        await publisher.deliver_due()
        assert len(sink.mails) == 3
        late = next(one for one in sink.mails if one.recipient == dead.recipient).message
        flag = "possible-duplicate" if at is DispatchState.SENDING else None
        assert (late["X-Syncer-Redelivery"], late["Message-ID"]) == (flag, dead.message_id)
        async with store.write() as session:  # f32: the dead one wakes up as a zombie
            assert not await intend(session, dead, lease=timedelta(seconds=30))
            assert not await mark_sent(session, dead, at=MONDAY)
    doubts = [one.in_doubt for one in await dispatches(store) if one.recipient == dead.recipient]
    assert doubts == [1 if at is DispatchState.SENDING else 0]


@pytest.mark.parametrize("how", ["silent", "gone"])
async def test_f38_no_answer_to_the_dot_is_doubt_and_the_copy_says_so(
    database_url: str, store: Store, tmp_path: Path, sink: Sink, how: str
) -> None:
    one = audience("board@example.com")
    async with published(database_url, tmp_path, one + smtp(sink, timeout=1)) as publisher:
        sink.deaf = how == "gone"
        sink.answers.clear() if how == "silent" else None
        (result,) = await publisher.deliver_due()
        assert result.state is DispatchState.SENDING
        assert await states(store) == {"board@example.com": "sending"}
        assert await publisher.deliver_due() == []  # not before its lease has run out
        sink.deaf = False
        sink.answers.set()
        await let_time_pass(store)
        await publisher.deliver_due()
    first, copy = (mail.message for mail in sink.mails)
    assert first["Message-ID"] == copy["Message-ID"]
    assert (first["X-Syncer-Redelivery"], copy["X-Syncer-Redelivery"]) == (
        None,
        "possible-duplicate",
    )
    assert sink.mails[0].part("plain") == sink.mails[1].part("plain")
    (row,) = await dispatches(store)
    assert (row.state, row.in_doubt) == ("sent", 1)


async def test_f38_a_server_that_never_answers_gets_one_copy_and_then_a_person_decides(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    one = audience("board@example.com")
    async with published(database_url, tmp_path, one + smtp(sink, timeout=20)) as publisher:
        sink.deaf = True
        for _ in range(4):
            await publisher.deliver_due()
            await let_time_pass(store)
    assert len(sink.mails) == 2
    (row,) = await dispatches(store)
    assert (row.state, row.in_doubt) == ("held", 2)
    assert "Nobody knows" in row.error


async def test_f38_with_hold_nothing_goes_out_twice(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    text = audience("board@example.com") + smtp(sink, more='in_doubt = "hold"')
    async with published(database_url, tmp_path, text) as publisher:
        sink.deaf = True
        for _ in range(3):
            await publisher.deliver_due()
            await let_time_pass(store)
    assert len(sink.mails) == 1
    assert await states(store) == {"board@example.com": "held"}


async def test_f39_one_refused_recipient_does_not_touch_the_others(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    sink.refused = {"cto@example.com": "550 5.1.1 no such user"}
    async with published(database_url, tmp_path, BOARD + smtp(sink, timeout=20)) as publisher:
        await publisher.deliver_due()
        await let_time_pass(store)
        assert await publisher.deliver_due() == []
    assert sink.recipients() == ["board@example.com", "coo@example.com"]
    assert (await states(store))["cto@example.com"] == "failed"
    (failed,) = [one for one in await dispatches(store) if one.state == "failed"]
    assert "550 '5.1.1 no such user'" in failed.error


async def test_after_a_day_of_refusals_it_has_failed(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    sink.data_answers = ["451 later"] * 50
    one = audience("board@example.com")
    async with published(database_url, tmp_path, one + smtp(sink, timeout=20)) as publisher:
        for _ in range(20):
            await publisher.deliver_due()
            await let_time_pass(store)
    (row,) = await dispatches(store)
    assert (row.state, sink.mails) == ("failed", [])
    pauses = [pause_after(attempt) for attempt in range(1, row.attempt)]
    assert pauses[:4] == [timedelta(minutes=minutes) for minutes in (1, 5, 15, 30)]
    total = sum((pause for pause in pauses if pause), timedelta())
    assert timedelta(hours=23) <= total <= timedelta(hours=25)


async def test_two_replicas_deliver_at_once_and_each_recipient_gets_one_mail(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    many = audience(*(f"reader{n}@example.com" for n in range(12)))
    clock = HandClock(SUNDAY)
    text = many + smtp(sink, timeout=20)
    async with (
        service_at(database_url, tmp_path, text, clock=clock) as service,
        service_at(database_url, tmp_path, text, clock=clock) as other,
    ):
        replicas = [Publisher(one, owner=f"serve {n}") for n, one in enumerate((service, other))]
        await replicas[0].publish_due()
        clock.instant = MONDAY
        await asyncio.gather(*(one.publish_due() for one in replicas))
        await asyncio.gather(*(one.deliver_due() for one in replicas))
    assert len(sink.mails) == 12
    assert len(set(sink.recipients())) == 12
    assert set((await states(store)).values()) == {"sent"}


async def test_a65_a_recipient_taken_off_the_list_before_sending_gets_nothing(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    async with published(database_url, tmp_path, BOARD + smtp(sink, timeout=20)):
        pass
    fewer = audience("board@example.com") + smtp(sink)
    async with publisher_at(database_url, tmp_path, fewer, clock=HandClock(MONDAY)) as publisher:
        await publisher.deliver_due()
    assert sink.recipients() == ["board@example.com"]
    cancelled = [one for one in await dispatches(store) if one.state == "cancelled"]
    assert {one.recipient for one in cancelled} == {"cto@example.com", "coo@example.com"}
    assert all("taken off" in one.error for one in cancelled)


async def test_a_correction_goes_to_everyone_again_and_refers_to_the_first(
    database_url: str, store: Store, tmp_path: Path, sink: Sink
) -> None:
    clock = HandClock(MONDAY)
    text = audience("board@example.com") + smtp(sink)
    async with service_at(database_url, tmp_path, text, clock=clock) as service:
        publisher = Publisher(service, owner="digest")
        (one,) = await service.audiences()
        await publisher.send([await service.draft(one)], author="Bob")
        draft = await service.draft(one, correction="The date was wrong")
        (sent,) = await publisher.send([draft], author="Bob")
    assert sent.complete
    first, second = (mail.message for mail in sink.mails)
    assert second["Message-ID"] != first["Message-ID"]
    assert second["References"] == second["In-Reply-To"] == first["Message-ID"]
    assert "The date was wrong" in sink.mails[1].part("plain")
    # On the wire too: a folded id becomes an encoded word, which no mail program follows.
    assert f"In-Reply-To: {first['Message-ID']}\r\n".encode() in sink.mails[1].data
    assert {one.version for one in await dispatches(store)} == {1, 2}


# --- encryption and sign-in ----------------------------------------------------------------------


def _trusting(certificate: Path) -> str:
    return f'[service]\ntimezone = "Europe/Berlin"\nnetwork = {{ ca_file = "{certificate}" }}\n'


SIGNED_IN = f'username = "{USER}"\npassword_file = "password"'


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_mail_goes_out_encrypted_and_signed_in(
    sqlite_url: str, tmp_path: Path, tls: str
) -> None:
    certificate = make_certificate(tmp_path)
    (tmp_path / "password").write_text(PASSWORD)
    implicit = tls == "implicit"
    async with running_sink(certificate=certificate, implicit=implicit, auth=True) as sink:
        text = _trusting(certificate) + BOARD + smtp(sink, tls=tls, timeout=20, more=SIGNED_IN)
        async with published(sqlite_url, tmp_path, text) as publisher:
            assert "signed in as syncer" in await publisher.probe_mail()
            assert sink.mails == []
            await publisher.deliver_due()
        assert len(sink.mails) == 3


@pytest.mark.parametrize("case", ["stripped", "untrusted", "other host", "expired"])
async def test_f40_a52_a_stripped_starttls_or_a_wrong_certificate_is_refused(
    sqlite_url: str, tmp_path: Path, case: str
) -> None:
    address = "127.0.0.2" if case == "other host" else "127.0.0.1"
    days = -1 if case == "expired" else 2
    certificate = make_certificate(tmp_path, address=address, days=days)
    trusted = certificate
    if case == "untrusted":
        (tmp_path / "other").mkdir()
        trusted = make_certificate(tmp_path / "other")
    async with running_sink(certificate=None if case == "stripped" else certificate) as sink:
        text = _trusting(trusted) + BOARD + smtp(sink, tls="starttls", timeout=20)
        async with Store(sqlite_url) as store, published(sqlite_url, tmp_path, text) as publisher:
            await publisher.deliver_due()
            assert set((await states(store)).values()) == {"pending"}
        assert sink.connections == 3
        assert sink.mails == []


async def test_a67_a_wrong_password_is_told_without_it(sqlite_url: str, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    (tmp_path / "password").write_text("canary-of-mail")
    async with running_sink(certificate=certificate, auth=True) as sink:
        text = (
            _trusting(certificate) + BOARD + smtp(sink, tls="starttls", timeout=20, more=SIGNED_IN)
        )
        async with Store(sqlite_url) as own, published(sqlite_url, tmp_path, text) as publisher:
            await publisher.deliver_due()
            found = await dispatches(own)
    assert {one.state for one in found} == {"pending"}
    assert all("535" in one.error and "canary" not in one.error for one in found)
