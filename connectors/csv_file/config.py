"""The configuration of one connection to a spreadsheet that is kept as CSV."""

from __future__ import annotations

import codecs
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from connectors.csv_file.rules import COLUMNS, Column, Rules, fold
from syncer.connect.auth import AnyAuth
from syncer.connect.config import ConnectionConfig
from syncer.connect.origin import Origin
from syncer.domain.item import ItemKind, StatusCategory
from syncer.errors import ConfigError
from syncer.paths import shipped

_CATEGORIES: Final = {
    "todo": StatusCategory.TODO,
    "in_progress": StatusCategory.IN_PROGRESS,
    "waiting": StatusCategory.WAITING,
    "done": StatusCategory.DONE,
    "cancelled": StatusCategory.CANCELLED,
}


class CsvConfig(ConnectionConfig):
    """A `[[connections]]` table of kind `csv`.

    Exactly one of `path` (a file, relative to the folder of the configuration) and `url`. The file
    is one container; its key is `container`. `columns` names the headers where they are not the
    usual ones of `config/status/csv.toml`. `timezone` is the zone of times that tell none, and
    of days.
    """

    kind: Literal["csv"] = "csv"
    path: str = ""
    url: str = ""
    auth: AnyAuth | None = None
    container: str = Field(default="sheet", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    delimiter: Literal["", ",", ";", "\t", "|"] = ""
    encoding: str = "utf-8-sig"
    timezone: str = "UTC"
    date_formats: tuple[str, ...] = ()
    columns: dict[Column, str] = Field(default_factory=dict)
    custom_fields: tuple[str, ...] = ()
    statuses: dict[str, StatusCategory] = Field(default_factory=dict)
    types: dict[str, ItemKind] = Field(default_factory=dict)
    item_url: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.path) == bool(self.url):
            raise ValueError("give exactly one of path and url")
        if self.auth is not None and not self.url:
            raise ValueError("auth belongs to a url; a file is read with the rights of syncer")
        return self

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        try:
            if url:
                Origin.of(base_of(url))
        except ConfigError as error:
            raise ValueError(error.message) from None
        return url

    @field_validator("encoding")
    @classmethod
    def _is_an_encoding(cls, name: str) -> str:
        try:
            return codecs.lookup(name).name
        except LookupError:
            raise ValueError(f"{name!r} is no encoding: write utf-8, cp1252 or the like") from None

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is no time zone: write Europe/Berlin or the like") from None
        return name

    @field_validator("item_url")
    @classmethod
    def _holds_the_id(cls, template: str) -> str:
        if template and "{id}" not in template:
            raise ValueError("item_url needs {id} where the id of an item belongs")
        return template

    def located(self, folder: Path) -> Self:
        """The same with the path made absolute; relative ones lie beside the configuration."""
        return self.model_copy(update={"path": str(folder / self.path)}) if self.path else self

    def rules(self) -> Rules:
        """The shipped meanings with this connection's own added to them."""
        meant = shipped_meanings()
        usual = {column: tuple(map(fold, meant["columns"].get(column, ()))) for column in COLUMNS}
        return Rules(
            connection=self.name,
            container=self.container,
            place=self.path or base_of(self.url),  # what follows may be a secret
            item_url=self.item_url,
            zone=ZoneInfo(self.timezone),
            date_formats=self.date_formats,
            named=dict(self.columns),
            usual=usual,
            custom_fields=self.custom_fields,
            statuses=_by_name(meant["statuses"], _CATEGORIES)
            | {fold(name): category for name, category in self.statuses.items()},
            types=_by_name(meant["types"], {str(kind): kind for kind in ItemKind})
            | {fold(name): kind for name, kind in self.types.items()},
            priorities=_by_name(meant["priorities"], {str(rank): rank for rank in range(5)}),
            yes=frozenset(map(fold, meant["yes"]["words"])),
            no=frozenset(map(fold, meant["no"]["words"])),
        )


def base_of(url: str) -> str:
    """The address without its query: spreadsheets are exported by one, often with a secret."""
    return url.partition("#")[0].partition("?")[0]


@cache
def shipped_meanings() -> dict[str, Any]:
    """The content of `config/status/csv.toml`."""
    path = shipped("config") / "status" / "csv.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _by_name(table: dict[str, list[str]], values: dict[str, Any]) -> dict[str, Any]:
    return {fold(name): values[key] for key, names in table.items() for name in names}
