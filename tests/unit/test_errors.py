"""Errors: what they say, what they carry, and the exit code they stand for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from syncer import errors

RETRY_AT = datetime(2026, 11, 23, 4, 31, tzinfo=UTC)


def test_message_and_fix_are_two_sentences() -> None:
    error = errors.AuthFailed("Jira refused the token (401).", fix="Make a new one.")
    assert (error.message, error.fix) == ("Jira refused the token (401).", "Make a new one.")
    assert str(error) == "Jira refused the token (401). Make a new one."


def test_without_a_fix_only_the_message_is_said() -> None:
    assert str(errors.Unreachable("jira: no answer within 30 s.")) == "jira: no answer within 30 s."


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError("x"), 2),
        (errors.NotFound("x"), 2),
        (errors.AuthFailed("x"), 1),
        (errors.RateLimited("x", retry_at=RETRY_AT), 1),
        (errors.Unreachable("x"), 1),
        (errors.Rejected("x", status=410), 1),
        (errors.BadPayload("x"), 1),
        (errors.CursorExpired("x"), 1),
        (errors.DispatchFailed("x"), 1),
        (errors.Busy("x"), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_exit_codes(error: errors.SyncerError, code: int) -> None:
    assert isinstance(error, errors.SyncerError)
    assert error.exit_code == code


@pytest.mark.parametrize(
    ("error", "name", "value"),
    [
        (errors.RateLimited("slow down", retry_at=RETRY_AT, fix="f"), "retry_at", RETRY_AT),
        (errors.Rejected("gone", status=410, fix="f"), "status", 410),
        (errors.DispatchFailed("no such mailbox", permanent=True, fix="f"), "permanent", True),
        (errors.Busy("held", holder="serve (pid 7)", fix="f"), "holder", "serve (pid 7)"),
    ],
)
def test_what_recovery_needs_is_carried(
    error: errors.SyncerError, name: str, value: object
) -> None:
    assert getattr(error, name) == value
    assert error.fix == "f"


def test_a_rate_limit_must_name_an_instant() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        errors.RateLimited("slow down", retry_at=datetime(2026, 11, 23))  # noqa: DTZ001  the case
