"""Deliveries signed as Standard Webhooks are."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from syncer.connect.signing import signed_standard

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = bytes(range(32))
SECRET = SecretStr("whsec_" + base64.b64encode(KEY).decode())
OTHER = SecretStr("whsec_" + base64.b64encode(b"x" * 32).decode())
BODY = b'{"object_kind":"issue"}'


def told(*, at: datetime = NOW, id_: str = "msg_1", body: bytes = BODY) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    digest = hmac.digest(KEY, f"{id_}.{stamp}.".encode() + body, hashlib.sha256)
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": id_, "webhook-timestamp": stamp, "webhook-signature": signature}


def test_a_delivery_signed_now_is_genuine_under_any_of_the_secrets() -> None:
    assert signed_standard(told(), BODY, [OTHER, SECRET], now=NOW)
    assert signed_standard(told(), BODY, [SECRET], now=None)


def test_one_of_several_signatures_is_enough() -> None:
    headers = told()
    headers["webhook-signature"] = "v1a,eHg= v1,AAAA " + headers["webhook-signature"]
    assert signed_standard(headers, BODY, [SECRET], now=NOW)


def test_the_specifications_own_example_is_genuine() -> None:
    """The example of the Standard Webhooks libraries' own tests."""
    secret = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert signed_standard(headers, b'{"test": 2432232314}', [secret], now=None)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1700000000"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "١٢٣"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v2,AAAA"},
    ],
)
def test_what_was_changed_on_the_way_is_not(change: dict[str, str]) -> None:
    assert not signed_standard(told() | change, BODY, [SECRET], now=None)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_was_sent_too_early_or_too_late_is_not(minutes: int) -> None:
    assert not signed_standard(told(at=NOW + timedelta(minutes=minutes)), BODY, [SECRET], now=NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_***", "plain", "whsec_é"])
def test_a_secret_of_another_form_signs_nothing(secret: str) -> None:
    assert not signed_standard(told(), BODY, [SecretStr(secret)], now=NOW)
    assert not signed_standard(told(), BODY, [], now=NOW)


def test_another_body_is_not_what_was_signed() -> None:
    assert not signed_standard(told(), BODY + b" ", [SECRET], now=NOW)
