"""Logs: one event, one line, no secrets, nothing that drives a terminal."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from syncer import log


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Logging is one thing for the whole process: leave it as it was found."""
    root, secrets = logging.getLogger(), set(log._SECRETS)
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    log._SECRETS.clear()
    log._SECRETS.update(secrets)


@pytest.fixture
def json_log() -> io.StringIO:
    stream = io.StringIO()
    log.configure(form="json", level=logging.DEBUG, stream=stream)
    return stream


@pytest.fixture
def console() -> io.StringIO:
    stream = io.StringIO()
    log.configure(form="console", stream=stream)
    return stream


def _only_event(stream: io.StringIO) -> dict[str, object]:
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1, lines
    event: dict[str, object] = json.loads(lines[0])
    return event


def test_an_event_is_one_json_object(json_log: io.StringIO) -> None:
    log.get_logger("syncer.sync").info("pulled", items=7, container="NET", cursor=None)
    event = _only_event(json_log)
    assert str(event.pop("timestamp")).endswith("Z")
    assert event == {
        "event": "pulled",
        "level": "info",
        "module": "syncer.sync",
        "items": 7,
        "container": "NET",
        "cursor": None,
    }


def test_an_event_is_one_console_line(console: io.StringIO) -> None:
    log.get_logger("syncer.sync").warning("slow", seconds=3)
    assert console.getvalue().endswith("Z warning  slow seconds=3\n")


@pytest.mark.parametrize("form", ["json", "console"])
def test_registered_secrets_never_appear(form: str) -> None:
    stream = io.StringIO()
    log.configure(form="json" if form == "json" else "console", stream=stream)
    log.register_secret(SecretStr("hunter22"))
    log.register_secret("hunter22-longer")
    log.get_logger("x").error(
        "refused hunter22",
        url="https://bot:hunter22-longer@example.com",
        headers={"hunter22": ["Bearer hunter22", b"hunter22"]},
        secret=SecretStr("never registered"),
    )
    written = stream.getvalue()
    assert "hunter22" not in written
    assert "longer" not in written
    assert "never registered" not in written
    assert "refused ***" in written


def test_a_secret_in_a_traceback_does_not_appear(json_log: io.StringIO) -> None:
    log.register_secret("hunter22")
    try:
        _connect("hunter22")
    except ConnectionError:
        log.get_logger("x").exception("failed")
    event = _only_event(json_log)
    assert "connecting with ***" in str(event["exception"])
    assert "hunter22" not in json_log.getvalue()


def test_a_secret_is_recognised_quoted_and_in_a_url() -> None:
    log.register_secret("k/y\n+1 0")
    assert log.redact("https://x.example/?t=k%2Fy%0A%2B1%200&u=1") == "https://x.example/?t=***&u=1"
    assert log.redact(f"got {'k/y' + chr(10) + '+1 0'!r}") == "got '***'"


def _connect(password: str) -> None:
    raise ConnectionError(f"connecting with {password}")


@pytest.mark.parametrize("short", ["", "abc"])
def test_too_short_a_secret_is_refused(short: str) -> None:
    with pytest.raises(ValueError, match="fewer than four"):
        log.register_secret(short)


HOSTILE = [
    pytest.param("a\nb\rc", id="newlines"),
    pytest.param("a\u2028b\u2029c\x85d", id="unicode line breaks"),
    pytest.param("a\x00b\x1b[31mc\x9bd", id="terminal control"),
    pytest.param("a\u202eb\u2066c\u200fd", id="direction of writing"),
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("form", ["json", "console"])
def test_text_of_others_stays_on_one_line(form: str, text: str) -> None:
    stream = io.StringIO()
    log.configure(form="json" if form == "json" else "console", stream=stream)
    log.get_logger("x").info(text, **{text: text})
    written = stream.getvalue()
    assert written.endswith("\n")
    assert written[:-1].isprintable()


def test_one_line_keeps_what_people_write() -> None:
    assert log.one_line("Prüfung – 状态 ✓ 😀") == "Prüfung – 状态 ✓ 😀"


@given(st.text())
def test_one_line_is_always_printable_and_idempotent(text: str) -> None:
    once = log.one_line(text)
    assert once.isprintable()
    assert log.one_line(once) == once


def test_libraries_come_out_in_the_same_form_from_warning_on() -> None:
    stream = io.StringIO()
    log.configure(form="json", stream=stream)
    logging.getLogger("aiohttp.access").info("GET / 200")
    logging.getLogger("alembic").warning("took %s s", 3)
    event = _only_event(stream)
    assert (event["module"], event["event"], event["level"]) == ("alembic", "took 3 s", "warning")


def test_debug_shows_libraries_too(json_log: io.StringIO) -> None:
    logging.getLogger("aiohttp.access").info("GET / 200")
    assert _only_event(json_log)["module"] == "aiohttp.access"


def test_below_the_level_nothing_is_written(console: io.StringIO) -> None:
    log.get_logger("x").debug("not now")
    assert console.getvalue() == ""
