from __future__ import annotations

import hashlib
import hmac
from typing import Final

import pytest
from pydantic import SecretStr

from syncer.connect.signing import same, signed_hex

BODY: Final = b'{"issue":{"id":"10001"}}'
SECRET: Final = SecretStr("the right secret")
OLD: Final = SecretStr("the secret before")


def signature(body: bytes = BODY, secret: SecretStr = SECRET) -> str:
    return hmac.new(secret.get_secret_value().encode(), body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("secret", [SECRET, OLD])
def test_every_active_secret_signs(secret: SecretStr) -> None:
    assert signed_hex(f"sha256={signature(secret=secret)}", BODY, [SECRET, OLD])


def test_upper_case_digits_count() -> None:
    assert signed_hex(f"sha256={signature().upper()}", BODY, [SECRET])


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="A1 none"),
        pytest.param("sha256=", id="A2 empty"),
        pytest.param(f"sha256={signature()[:-1]}", id="A2 short"),
        pytest.param(f"sha256={signature()}0", id="A2 long"),
        pytest.param(f"sha256={'0' * 64}", id="A2 wrong"),
        pytest.param(signature(), id="A2 no prefix"),
        pytest.param("sha256=ünïcödé", id="A3 latin"),
        pytest.param("sha256=" + "\udcff" * 64, id="A3 raw bytes"),
        pytest.param(f"sha1={hmac.new(b'the right secret', BODY, 'sha1').hexdigest()}", id="A4"),
        pytest.param(f"sha256={signature(secret=SecretStr('x'))}", id="A13 another secret"),
    ],
)
def test_anything_else_does_not(header: str) -> None:
    assert not signed_hex(header, BODY, [SECRET])


@pytest.mark.parametrize("body", [BODY + b"\n", b"\xef\xbb\xbf" + BODY, BODY.replace(b"1", b"2")])
def test_an_altered_body_does_not(body: bytes) -> None:
    assert not signed_hex(f"sha256={signature()}", body, [SECRET])


def test_without_a_secret_nothing_is_signed() -> None:
    assert not signed_hex(f"sha256={signature()}", BODY, [])
    with pytest.raises(ValueError, match="empty secret"):
        signed_hex(f"sha256={signature()}", BODY, [SecretStr("")])


def test_the_comparison_never_raises() -> None:
    assert same("å", "å".encode())
    assert not same("\ud800", "x")
