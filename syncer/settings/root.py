"""`Settings`: the whole configuration, checked, with the place of every key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr

from syncer.settings.faults import Place, Places, place_of
from syncer.settings.models import (
    AudienceSettings,
    ConnectionSettings,
    FreezeSettings,
    ServiceSettings,
    SmtpSettings,
    Table,
)
from syncer.settings.portfolio_models import (
    BaselineSettings,
    ClassificationSettings,
    DecisionSettings,
    GateSettings,
    PersonSettings,
    ProgramSettings,
    ProjectSettings,
    RiskResponseSettings,
    RiskSettings,
    StatusSettings,
    TeamSettings,
)
from syncer.settings.product_models import ProductSettings, ReleaseSettings


@dataclass(frozen=True, slots=True, repr=False)
class Origin:
    """Where settings come from: the file, the place of each key, the variables. Never shown."""

    file: Path
    places: Places
    environment: Mapping[str, str]
    data: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Origin({self.file.name})"


class Settings(Table):
    """The whole configuration. Made by `syncer.settings.load.load_settings`."""

    service: ServiceSettings = Field(ServiceSettings(), description="The installation.")
    smtp: SmtpSettings = Field(SmtpSettings(), description="The mail server.")
    freezes: tuple[FreezeSettings, ...] = Field((), description="Days without work.")
    connections: tuple[ConnectionSettings, ...] = Field((), description="Accounts on trackers.")
    teams: tuple[TeamSettings, ...] = Field((), description="Teams.")
    people: tuple[PersonSettings, ...] = Field((), description="People.")
    projects: tuple[ProjectSettings, ...] = Field((), description="Projects.")
    programs: tuple[ProgramSettings, ...] = Field((), description="Programs.")
    products: tuple[ProductSettings, ...] = Field((), description="Products.")
    releases: tuple[ReleaseSettings, ...] = Field((), description="Releases of products.")
    gates: tuple[GateSettings, ...] = Field((), description="Gates.")
    decisions: tuple[DecisionSettings, ...] = Field((), description="Decisions.")
    risks: tuple[RiskSettings, ...] = Field((), description="Risks.")
    risk_responses: tuple[RiskResponseSettings, ...] = Field((), description="Risk responses.")
    statuses: tuple[StatusSettings, ...] = Field((), description="Words of owners.")
    baselines: tuple[BaselineSettings, ...] = Field((), description="Approved plans.")
    classification: tuple[ClassificationSettings, ...] = Field((), description="Mappings.")
    audiences: tuple[AudienceSettings, ...] = Field((), description="Readers of digests.")

    _origin: Origin = PrivateAttr(default=Origin(Path("syncer.toml"), {}, {}))
    _config_hash: str = PrivateAttr(default="")

    @property
    def file(self) -> Path:
        """The configuration file."""
        return self._origin.file

    @property
    def folder(self) -> Path:
        """The folder of the configuration file, to which relative paths are relative."""
        return self._origin.file.parent

    @property
    def config_hash(self) -> str:
        """16 hexadecimal digits that change when anything in the files changes; no secrets."""
        return self._config_hash

    @property
    def data(self) -> Mapping[str, Any]:
        """The merged table of the files, as it was written; no literal secret can be in it."""
        return self._origin.data

    def located(self, origin: Origin, config_hash: str) -> Settings:
        """These settings, knowing where they come from."""
        settings = self.model_copy()
        settings._origin = origin  # noqa: SLF001  its own class
        settings._config_hash = config_hash  # noqa: SLF001  its own class
        return settings

    def place(self, *path: str | int) -> Place:
        """Where the value at this path was written, such as `syncer.toml:12`."""
        return place_of(path, self._origin.places)

    @property
    def places(self) -> Places:
        """The place of every key."""
        return self._origin.places

    def path(self, name: str) -> Path:
        """A path that the configuration names, relative to the file's folder."""
        return self.folder / name

    def connection_table(self, index: int) -> dict[str, Any]:
        """`connections[index]` as it was written, for the connector's own `config_type`."""
        return self.connections[index].model_dump(mode="json", exclude_unset=True)

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables and secret files, for reading secrets; its `repr` shows none."""
        return self._origin.environment
