"""Loading the configuration: read, overlay, refuse secrets, validate, cross-check."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from syncer.errors import ConfigError
from syncer.log import register_secret
from syncer.paths import shipped
from syncer.settings.environment import Environment, overlay
from syncer.settings.faults import ConfigurationFaults, Fault
from syncer.settings.references import reference_faults
from syncer.settings.root import Origin, Settings
from syncer.settings.secrets import literal_secrets
from syncer.settings.sources import Merged, Table, read_files, read_text
from syncer.settings.validation import faults_of

_HASH_DIGITS: Final = 16


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """The settings of a file, its includes, the environment and secret files.

    `environ` is `os.environ` or a test's own. `ConfigurationFaults` holds everything that is
    wrong; a `ConfigError` says that there is no such file.
    """
    if not path.is_file():
        raise ConfigError(
            f"There is no configuration file {str(path)!r}.",
            fix="Write one with `syncer init`, or name yours with --config.",
        )
    environment = Environment(environ)
    merged = read_files(path)
    overlay(merged, environment)
    return settings_from(merged, origin=Origin(path, merged.places, environment))


def check_text(text: str, file: Path) -> Settings:
    """The settings of a text that is to become a file; `ConfigurationFaults` as for a file."""
    merged = read_text(text, file.name)
    return settings_from(merged, origin=Origin(file, merged.places, Environment({})))


def settings_from(merged: Merged, *, origin: Origin) -> Settings:
    """Checked settings of a merged table; `ConfigurationFaults` with all faults of it."""
    faults = [
        *merged.faults,
        *literal_secrets(merged.data, merged.places),
        *reference_faults(merged.data, merged.places),
    ]
    told = {fault.key for fault in faults if fault.key}
    try:
        settings = Settings.model_validate(under(merged.data, shipped_defaults()))
    except ValidationError as error:
        found = faults_of(error, data=merged.data, model=Settings, places=merged.places)
        faults += (fault for fault in found if fault.key not in told)
    else:
        if not faults:
            _register_database_password(settings)
            return settings.located(replace(origin, data=merged.data), _hash(merged.data))
    raise ConfigurationFaults(_in_order(faults))


def shipped_defaults() -> Table:
    """The settings that syncer ships, below everything else."""
    return read_files(shipped("config") / "syncer.toml").data


def under(data: Table, defaults: Table) -> Table:
    """The data, with the defaults where it says nothing, table by table."""
    result = dict(defaults)
    for key, value in data.items():
        below = defaults.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            result[key] = under(value, below)
        else:
            result[key] = value
    return result


def _in_order(faults: Iterable[Fault]) -> list[Fault]:
    unique = dict.fromkeys(faults)
    return sorted(unique, key=lambda fault: (fault.place.source, fault.place.line or 0, fault.key))


def _register_database_password(settings: Settings) -> None:
    password = urlsplit(settings.service.database_url.get_secret_value()).password
    if password:
        register_secret(password)


def _hash(data: Mapping[str, Any]) -> str:
    """A digest of what the files say about the work; where the data lies makes no difference."""
    service = {key: value for key, value in data.get("service", {}).items() if key in _MATTERS}
    meaning = {**data, "service": service}
    text = json.dumps(meaning, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]


_MATTERS: Final = ("timezone", "currency", "holidays", "history_days")
