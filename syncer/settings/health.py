"""Thresholds of colours and risks: the shipped ones under a `health.toml` of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import ValidationError

from syncer.paths import shipped
from syncer.rollup.rules import HealthRules
from syncer.settings.faults import ConfigurationFaults
from syncer.settings.load import under
from syncer.settings.sources import Merged, read_files
from syncer.settings.validation import faults_of

FILE: Final = "health.toml"


def load_health_rules(folder: Path) -> HealthRules:
    """The thresholds in force; `ConfigurationFaults` names what is wrong in the folder's own file.

    Only what differs from the shipped file needs to stand in `health.toml`.
    """
    own = folder / FILE
    return _over_shipped(read_files(own) if own.is_file() else Merged())


def load_health_file(file: Path) -> HealthRules:
    """The thresholds of a file of any name, over the shipped ones; errors as above."""
    return _over_shipped(read_files(file))


def _over_shipped(merged: Merged) -> HealthRules:
    defaults = shipped("config") / FILE
    beneath = read_files(defaults).data if defaults.is_file() else {}
    faults = list(merged.faults)
    try:
        rules = HealthRules.model_validate(under(merged.data, beneath))
    except ValidationError as error:
        faults += faults_of(error, data=merged.data, model=HealthRules, places=merged.places)
    else:
        if not faults:
            return rules
    raise ConfigurationFaults(faults)
