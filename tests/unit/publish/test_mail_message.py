"""The bytes of a mail: what stands in headers, in the body, and on the wire."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

import pytest

from syncer.errors import DispatchFailed
from syncer.publish.digest.compose import compose
from syncer.publish.mail.address import envelope_address, header_address
from syncer.publish.mail.message import Letter, Sender, mail_bytes, message_id, on_the_wire
from syncer.publish.render.mail import MAIL, render_mail
from syncer.publish.render.text import render_text
from syncer.store.editions import PublishedEdition
from tests.unit.publish.builders import AS_OF, EXECUTIVE, PROGRAM_VIEW
from tests.unit.publish.portfolios import EXAMPLE_CHANGES, example, example_before
from tests.unit.publish.test_hostile_and_lens import HOSTILE, hostile

SENDER = Sender(address="Program status <syncer@example.com>", reply_to="pmo@example.com")
LETTER = Letter(
    message_id=message_id("leadership", "2026-W48", domain="example.com"),
    address="board@example.com",
    name="The board",
    list_id="leadership.example.com",
    list_name="Senior management",
)
EDITION = PublishedEdition(
    audience="leadership",
    edition="2026-W48",
    version=1,
    as_of=AS_OF,
    snapshot_id="S-1",
    previous_snapshot_id=None,
    published_at=AS_OF,
    subject="5G Red: 30 % for 19 March · decide by Thu",
    contents={"txt": "Subject: 5G Red\n\nBody\n", MAIL: "<p>Body</p>"},
)


def parsed(data: bytes) -> EmailMessage:
    message = message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def mail(*, letter: Letter = LETTER, **changes: object) -> EmailMessage:
    return parsed(mail_bytes(replace(EDITION, **changes), letter, SENDER))  # type: ignore[arg-type]


def hostile_mail(text: str) -> tuple[bytes, EmailMessage]:
    digest = compose(hostile(text), example_before(), EXAMPLE_CHANGES, audience=PROGRAM_VIEW)
    contents = {"txt": render_text(digest), MAIL: render_mail(digest)}
    subject = digest.subject + text
    edition = replace(EDITION, subject=subject, contents=contents)
    data = mail_bytes(edition, replace(LETTER, name=text[:300], list_name=text[:300]), SENDER)
    return data, parsed(data)


def test_the_same_edition_gives_the_same_bytes() -> None:
    assert mail_bytes(EDITION, LETTER, SENDER) == mail_bytes(EDITION, LETTER, SENDER)
    again = mail_bytes(EDITION, replace(LETTER, redelivery=True), SENDER)
    assert b"X-Syncer-Redelivery: possible-duplicate\r\n" in again


def test_the_headers_say_who_what_when_and_for_whom() -> None:
    message = mail()
    assert str(message["From"]) == "Program status <syncer@example.com>"
    assert str(message["To"]) == "The board <board@example.com>"
    assert str(message["Reply-To"]) == "pmo@example.com"
    assert str(message["Subject"]) == EDITION.subject
    assert message["Date"].datetime == AS_OF
    assert str(message["Message-ID"]) == LETTER.message_id
    assert str(message["List-Id"]) == "Senior management <leadership.example.com>"
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines() == ["Body"]


def test_message_ids_differ_by_recipient_channel_and_version_alone() -> None:
    parts = [("a", "W48", "1", "x@e", "email"), ("a", "W48", "2", "x@e", "email")]
    parts += [("a", "W48", "1", "y@e", "email"), ("a", "W48", "1", "x@e", "file")]
    made = {message_id(*part, domain="example.com") for part in parts}
    assert len(made) == 4
    assert all(re.fullmatch(r"<[0-9a-f]{64}@example\.com>", one) for one in made)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a30_a31_a34_hostile_text_makes_no_header_no_recipient_and_no_long_line(text: str) -> None:
    data, message = hostile_mail(text)
    assert set(message.keys()) == {
        *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Id"),
        *("Auto-Submitted", "MIME-Version", "Content-Type"),
    }
    assert [one.addr_spec for one in message["To"].addresses] == ["board@example.com"]
    assert "Bcc" not in message
    assert max(len(line) for line in data.split(b"\r\n")) <= 998
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "subject", ["a\r\nBcc: x@y.example", "a\u2028b\x0bc\x85d\x00e", "x" * 10**5]
)
def test_a30_a31_a_hostile_subject_is_one_clean_line(subject: str) -> None:
    message = mail(subject=subject)
    assert len(message["Subject"]) <= 130
    assert str(message["Subject"]).isprintable()
    assert message["Bcc"] is None


@pytest.mark.parametrize(
    "name", ['"ceo@corp" <x@evil.example>', "a, b@evil.example", "x\r\nBcc: y@evil.example"]
)
def test_a32_a_display_name_is_quoted_and_changes_no_address(name: str) -> None:
    message = mail(letter=replace(LETTER, name=name))
    (to,) = message["To"].addresses
    assert to.addr_spec == "board@example.com"
    assert message["Bcc"] is None


def test_a34_dots_are_doubled_and_no_bare_line_end_gets_out() -> None:
    body = b"a\n.\nMAIL FROM:<x@evil>\r.\r\n.\r\n..b\nend"
    sent = on_the_wire(body)
    assert sent == b"a\r\n..\r\nMAIL FROM:<x@evil>\r\n..\r\n..\r\n...b\r\nend\r\n"
    assert b"\r\n.\r\n" not in sent


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: set[str] = set()
        self.handlers: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.handlers |= {name for name, _ in attrs if name.startswith("on")}
        self.addresses |= {value or "" for name, value in attrs if name in {"href", "src"}}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a33_a35_a36_a37_a38_a45_hostile_text_is_only_text_in_the_html_of_a_mail(text: str) -> None:
    _, message = hostile_mail(text)
    part = message.get_body(("html",))
    assert part is not None
    html = part.get_content()
    seen = _Seen()
    seen.feed(html)
    allowed = {
        *("html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td", "p"),
        *("h1", "h2", "span", "strong", "em", "br", "bdi", "a"),
    }
    assert seen.tags <= allowed
    assert (seen.addresses, seen.handlers) == (set(), set())
    assert "url(" not in html.split("</style>")[0]
    assert "@import" not in html.split("</style>")[0]
    assert not re.search("[\u202a-\u202e\u200b\u2028\u2029\x00]", html)
    if "{{7*7}}" in text:
        assert "{{7*7}}" in html


def test_the_mail_says_what_the_page_says_in_its_own_order() -> None:
    view = replace(EXECUTIVE, pages_url="https://syncer.example.com", unreached=("L. Brandt",))
    digest = compose(example(), example_before(), EXAMPLE_CHANGES, audience=view)
    html = re.sub(r"<[^>]+>", "", render_mail(digest)).replace("\u00a0", " ")
    told = [
        digest.headline,
        digest.decisions[0].question,
        "Status",
        "Network upgrade, must",
        "What changed",
        "Top risks",
        "Next 4 weeks",
        "Not sent to L. Brandt: no address.",
        "Wrong? Reply.",
    ]
    places = [html.rindex(one) for one in told]
    assert places == sorted(places)


def test_the_domain_is_encoded_and_a_foreign_local_part_is_refused_in_words() -> None:
    assert envelope_address("info@bücher.example") == "info@xn--bcher-kva.example"
    assert str(header_address("Büro <info@bücher.example>")) == "Büro <info@xn--bcher-kva.example>"
    with pytest.raises(DispatchFailed, match="before the @") as error:
        envelope_address("jürgen@example.com")
    assert error.value.permanent
