"""What every `[[connections]]` table holds, whatever its kind."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from syncer.connect.auth import refuse_literal
from syncer.connect.origin import Origin
from syncer.errors import ConfigError

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=64)]
"""A connection's name: it begins item uids, so it holds no colon."""


def _base_of(url: str) -> str:
    try:
        return Origin.of(url).base
    except ConfigError as error:
        raise ValueError(error.message) from None


SiteUrl = Annotated[str, AfterValidator(_base_of)]
"""The address of a tracker, without a final slash; credentials, queries, fragments are refused."""


class ConnectionConfig(BaseModel):
    """The keys that all kinds share; a connector's `config_type` adds its own.

    `containers` and `exclude` are globs over container keys. While a webhook secret is being
    changed the `previous_…` one is accepted too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    kind: str
    containers: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    concurrency: int = Field(
        8,
        ge=1,
        le=64,
        description="Calls that are made at once at most; fewer while the tracker is overcharged.",
    )
    quota_reserve: float = Field(
        0.1,
        ge=0,
        le=0.9,
        description="The share of the tracker's quota that is left to news: when less than that "
        "remains, first readings, comparisons and looks back wait for the reset.",
    )
    look_back_hours: float = Field(
        12.0,
        ge=0,
        le=168,
        description="How far back it is looked, once an hour, for changes that the tracker's "
        "search showed late; only where a search lags behind its tracker. 0: never.",
    )
    endpoint_id: str | None = None
    webhook_secret_env: str | None = None
    webhook_secret_file: str | None = None
    previous_webhook_secret_env: str | None = None
    previous_webhook_secret_file: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_literals(cls, values: object) -> object:
        return refuse_literal(values)

    @property
    def exact_containers(self) -> tuple[str, ...]:
        """The configured container keys that are no globs."""
        return tuple(key for key in self.containers if not set(key) & set("*?["))

    def located(self, folder: Path) -> Self:  # noqa: ARG002  for kinds whose tables name files
        """The same with the files that it names found; relative ones lie in `folder`."""
        return self

    def selects(self, container_key: str) -> bool:
        """Whether the configuration asks for this container."""
        wanted = any(fnmatchcase(container_key, pattern) for pattern in self.containers)
        return wanted and not any(fnmatchcase(container_key, p) for p in self.exclude)
