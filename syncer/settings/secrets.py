"""Secrets are refused where they are written out.

A file names where a secret is, `token_env = "JIRA_TOKEN"` or `token_file = "secrets/jira"`; it is
read when the connection is built, and until then nobody needs it to be there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from syncer.settings.faults import Fault, Places, dotted, place_of
from syncer.settings.positions import KeyPath

_ENDINGS: Final = ("token", "password", "secret", "private_key", "api_key", "passphrase")
_SECTIONS: Final = ("service", "smtp", "connections", "audiences")
_URLS: Final = ("url", "database_url")


def is_secret_key(key: str) -> bool:
    """Whether a key of this name holds a secret, as `webhook_secret` and `private_key` do."""
    return key.endswith(_ENDINGS)


def literal_secrets(data: Mapping[str, Any], places: Places) -> list[Fault]:
    """A fault for every secret that is written out in a file; the secret itself is not shown."""
    return [
        _literal_fault(path, places)
        for section in _SECTIONS
        for path, value in _leaves(data.get(section), (section,))
        if _is_literal(str(path[-1]), value) and "variable" not in place_of(path, places).source
    ]


def _leaves(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    match value:
        case Mapping():
            for key, inner in value.items():
                yield from _leaves(inner, (*path, key))
        case list():
            for index, inner in enumerate(value):
                yield from _leaves(inner, (*path, index))
        case _:
            yield path, value


def _is_literal(key: str, value: object) -> bool:
    if key in _URLS:
        return isinstance(value, str) and _url_holds_password(value)
    return is_secret_key(key)


def _url_holds_password(url: str) -> bool:
    try:
        return bool(urlsplit(url).password)
    except ValueError:
        return False


def _literal_fault(path: KeyPath, places: Places) -> Fault:
    key = str(path[-1])
    if key == "database_url":
        fix = "Set the whole URL in the environment variable SYNCER_SERVICE__DATABASE_URL instead."
    elif key == "url":
        fix = "Take it out of the URL and name it under auth, with token_env or password_env."
    else:
        fix = f'Write {key}_env = "NAME_OF_A_VARIABLE" or {key}_file = "path/of/a/file" instead.'
    return Fault(
        message="a secret must not stand in a configuration file, where backups and version "
        "control would keep it.",
        place=place_of(path, places),
        key=dotted(path),
        fix=fix,
    )


def secret_files(table: Mapping[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """The files of a table that hold secrets, each with the path of its key."""
    for leaf, value in _leaves(table, path):
        stem, _, ending = str(leaf[-1]).rpartition("_")
        if ending == "file" and is_secret_key(stem) and isinstance(value, str):
            yield leaf, value
