"""How connections say who they are.

Secrets come from the environment or from files, never from the configuration itself.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    model_validator,
)

from syncer.errors import ConfigError
from syncer.log import register_secret

_LITERALS: Final = ("token", "password", "client_secret", "private_key", "secret", "api_key")
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
_LONGEST_SECRET: Final = 64 * 1024

C = TypeVar("C", bound=BaseModel)


def refuse_literal(values: object) -> object:
    """Refuse secrets written into the configuration; for use as a `before` validator."""
    if isinstance(values, Mapping):
        for key in _LITERALS:
            if key in values:
                raise ValueError(
                    f"a literal secret in {key!r} would be copied wherever this file goes: "
                    f"use {key}_env or {key}_file"
                )
    return values


class Auth(BaseModel):
    """What all ways of signing in share: one secret, told by where it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    _secret: SecretStr | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _no_literals(cls, values: object) -> object:
        return refuse_literal(values)

    @model_validator(mode="after")
    def _one_source(self) -> Auth:
        sources = self._sources()
        if sum(value is not None for value in sources.values()) != 1:
            raise ValueError(f"give exactly one of {', '.join(sources)}")
        return self

    def _sources(self) -> dict[str, str | None]:
        return {
            name: getattr(self, name)
            for name in type(self).model_fields
            if name.endswith(("_env", "_file"))
        }

    @property
    def secret(self) -> SecretStr:
        """The secret; `ConfigError` if `resolved` has not been called."""
        if self._secret is None:
            raise ConfigError("The secret of this connection has not been read.")
        return self._secret

    def resolved(self, *, env: Mapping[str, str], base: Path) -> Auth:
        """The same with its secret read; `ConfigError` names the variable or file otherwise."""
        name, value = next((n, v) for n, v in self._sources().items() if v is not None)
        copy = self.model_copy()
        copy._secret = read_secret(name, value, env=env, base=base)  # noqa: SLF001  its own class
        return copy


class BasicAuth(Auth):
    """Name and secret: an e-mail address and API token, or a user and password."""

    type: Literal["basic"] = "basic"
    email: str | None = Field(default=None, min_length=1)
    user: str | None = Field(default=None, min_length=1)
    token_env: str | None = None
    token_file: str | None = None
    password_env: str | None = None
    password_file: str | None = None

    @model_validator(mode="after")
    def _one_name(self) -> BasicAuth:
        if (self.email is None) == (self.user is None):
            raise ValueError("give either email or user")
        return self

    @property
    def name(self) -> str:
        """The e-mail address or user name."""
        return self.email or self.user or ""


class PatAuth(Auth):
    """A personal access token, sent as Bearer."""

    type: Literal["pat"] = "pat"
    token_env: str | None = None
    token_file: str | None = None


class ScopedTokenAuth(Auth):
    """An Atlassian token with scopes, valid at the gateway only; `email` for personal ones."""

    type: Literal["scoped-token"] = "scoped-token"
    email: str | None = None
    token_env: str | None = None
    token_file: str | None = None


class AppAuth(Auth):
    """A GitHub App."""

    type: Literal["app"] = "app"
    app_id: int
    installation_id: int | None = None
    private_key_env: str | None = None
    private_key_file: str | None = None


class OAuthClientAuth(Auth):
    """OAuth 2.0 client credentials."""

    type: Literal["oauth-client"] = "oauth-client"
    client_id: str
    client_secret_env: str | None = None
    client_secret_file: str | None = None


def _with_type(values: object) -> object:
    """The type may be left out where the keys tell it (contracts.md 1)."""
    if not isinstance(values, Mapping) or "type" in values:
        return values
    return {"type": _type_of(set(values)), **values}


def _type_of(keys: set[str]) -> str:
    if "app_id" in keys:
        return "app"
    if "client_id" in keys:
        return "oauth-client"
    return "basic" if keys & {"email", "user"} else "pat"


AnyAuth = Annotated[
    Annotated[
        BasicAuth | PatAuth | ScopedTokenAuth | AppAuth | OAuthClientAuth,
        Field(discriminator="type"),
    ],
    BeforeValidator(_with_type),
]
"""The `auth` table of a connection."""


def read_secret(name: str, value: str, *, env: Mapping[str, str], base: Path) -> SecretStr:
    """The secret behind a key that ends in `_env` or `_file`, kept out of logs from now on.

    Relative files lie beside the configuration, in `base`; blanks and line ends around the
    secret go. `ConfigError` if there is none.
    """
    text = _from_file(name, base / value) if name.endswith("_file") else env.get(value, "")
    if not text.strip():
        raise ConfigError(
            f"The {_named(name, value)} of {name} holds no secret.",
            fix=f"Put the secret there, or correct {name}.",
        )
    secret = SecretStr(text.strip())
    try:
        register_secret(secret)
    except ValueError as error:
        raise ConfigError(f"{name}: {error}.") from None
    return secret


def _named(name: str, value: str) -> str:
    """Where the secret should be; what does not look like a variable may be the secret itself."""
    if name.endswith("_file"):
        return f"file {value!r}"
    if _VARIABLE.fullmatch(value):
        return f"environment variable {value!r}"
    return "environment variable"


def _from_file(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST_SECRET).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The file of {name} cannot be read: {path.name!r} ({_why(error)}).",
            fix="Check its path and permissions.",
        ) from None


def _why(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "not UTF-8 text"


def with_secrets(config: C, *, env: Mapping[str, str], base: Path) -> C:
    """A copy of a connection's configuration with the secrets of its `auth` tables read."""
    auths: dict[str, Any] = {
        name: value.resolved(env=env, base=base)
        for name in type(config).model_fields
        if isinstance(value := getattr(config, name), Auth)
    }
    return config.model_copy(update=auths)


def static_headers(auth: Auth) -> Callable[[], Mapping[str, str]]:
    """A supplier of the header for the ways that need no exchange: basic and Bearer."""
    secret = auth.secret.get_secret_value()
    if isinstance(auth, BasicAuth) or (isinstance(auth, ScopedTokenAuth) and auth.email):
        name = auth.name if isinstance(auth, BasicAuth) else auth.email
        pair = base64.b64encode(f"{name}:{secret}".encode()).decode()
        register_secret(pair)
        header = {"Authorization": f"Basic {pair}"}
    elif isinstance(auth, PatAuth | ScopedTokenAuth):
        header = {"Authorization": f"Bearer {secret}"}
    else:
        raise ConfigError(f"This connector cannot sign in by {type(auth).__name__}.")
    return lambda: header
