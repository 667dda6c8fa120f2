from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from syncer.connect.auth import (
    AnyAuth,
    AppAuth,
    Auth,
    BasicAuth,
    OAuthClientAuth,
    PatAuth,
    ScopedTokenAuth,
    static_headers,
    with_secrets,
)
from syncer.errors import ConfigError
from syncer.log import redact

AUTH: TypeAdapter[Any] = TypeAdapter(AnyAuth)


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        ({"email": "a@b", "token_env": "T"}, BasicAuth),
        ({"user": "u", "password_env": "P"}, BasicAuth),
        ({"type": "basic", "user": "u", "password_file": "p"}, BasicAuth),
        ({"token_env": "T"}, PatAuth),
        ({"type": "scoped-token", "token_env": "T"}, ScopedTokenAuth),
        ({"app_id": 7, "private_key_file": "k.pem"}, AppAuth),
        ({"client_id": "c", "client_secret_env": "S"}, OAuthClientAuth),
    ],
)
def test_the_type_may_be_left_out_where_the_keys_tell_it(
    table: dict[str, Any], kind: type[Auth]
) -> None:
    assert type(AUTH.validate_python(table)) is kind


@pytest.mark.parametrize(
    "key", ["token", "password", "client_secret", "private_key", "api_key", "secret"]
)
def test_a_literal_secret_is_refused_with_the_reason_and_not_repeated(key: str) -> None:
    with pytest.raises(ValidationError) as refused:
        AUTH.validate_python({"email": "a@b", "token_env": "T", key: "hunter2-secret"})
    told = str(refused.value.errors(include_input=False))
    assert f"{key}_env" in told
    assert "hunter2-secret" not in told


@pytest.mark.parametrize(
    "table",
    [
        {"email": "a@b"},
        {"email": "a@b", "token_env": "T", "token_file": "t"},
        {"email": "a@b", "user": "u", "token_env": "T"},
        {"type": "basic", "token_env": "T"},
        {"email": "a@b", "token_env": "T", "tokenenv": "x"},
        {"type": "magic", "token_env": "T"},
        "token",
    ],
)
def test_an_incomplete_or_unknown_way_is_refused(table: object) -> None:
    with pytest.raises(ValidationError):
        AUTH.validate_python(table)


def test_a_secret_comes_from_the_environment_and_stays_out_of_logs() -> None:
    auth = BasicAuth(email="a@b", token_env="T").resolved(env={"T": " s3cret-xyz\n"}, base=Path())
    assert auth.secret.get_secret_value() == "s3cret-xyz"
    assert redact("the s3cret-xyz of all") == "the *** of all"
    assert "s3cret-xyz" not in repr(auth)
    assert "s3cret-xyz" not in auth.model_dump_json()


def test_a_secret_file_lies_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file-1\n", encoding="utf-8")
    auth = PatAuth(token_file="token").resolved(env={}, base=tmp_path)
    assert static_headers(auth)() == {"Authorization": "Bearer from-file-1"}


@pytest.mark.parametrize("env", [{}, {"T": ""}, {"T": "  \n"}, {"T": "abc"}])
def test_a_missing_or_tiny_secret_names_its_variable(env: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="token_env"):
        PatAuth(token_env="T").resolved(env=env, base=Path())


def test_a_missing_file_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'nowhere'") as refused:
        PatAuth(token_file="nowhere").resolved(env={}, base=tmp_path)
    assert str(tmp_path) not in str(refused.value)


def test_an_unread_secret_is_an_error_and_no_empty_password() -> None:
    with pytest.raises(ConfigError, match="has not been read"):
        static_headers(BasicAuth(email="a@b", token_env="T"))


def test_basic_sends_name_and_secret() -> None:
    auth = BasicAuth(email="a@b", token_env="T").resolved(env={"T": "tökén"}, base=Path())
    header = static_headers(auth)()["Authorization"]
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == "a@b:tökén"


def test_what_needs_an_exchange_is_refused_here() -> None:
    auth = AppAuth(app_id=1, private_key_env="K").resolved(env={"K": "long key"}, base=Path())
    with pytest.raises(ConfigError, match="AppAuth"):
        static_headers(auth)


def test_secrets_of_a_whole_configuration_are_read_into_a_copy() -> None:
    class Config(BaseModel):
        name: str
        auth: AnyAuth

    config = Config.model_validate({"name": "x", "auth": {"token_env": "T"}})
    read = with_secrets(config, env={"T": "abcd-1234"}, base=Path())
    assert read.auth.secret.get_secret_value() == "abcd-1234"
    with pytest.raises(ConfigError):
        _ = config.auth.secret


def test_the_header_that_holds_a_secret_is_kept_out_of_texts_too() -> None:
    auth = AUTH.validate_python({"email": "a@b", "token_env": "T"})
    header = static_headers(auth.resolved(env={"T": "tok-echo-77"}, base=Path()))()
    encoded = header["Authorization"].removeprefix("Basic ")
    assert redact(f"refused: tok-echo-77 as {encoded}") == "refused: *** as ***"
