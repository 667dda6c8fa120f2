"""The tables of `syncer.toml` about the installation: service, mail, connections, audiences.

Every key has a default, so that a file with one connection and nothing else is enough. Field
descriptions are what `docs/configuration.md` prints.
"""

from __future__ import annotations

import re
from datetime import date
from email.utils import parseaddr
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    PlainValidator,
    SecretStr,
    model_validator,
)

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SCHEDULE: Final = re.compile(rf"(?:{'|'.join(_WEEKDAYS)}) (?:[01]\d|2[0-3]):[0-5]\d")
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SCOPE_WORDS: Final = frozenset({"prog", "proj", "prod", "team", "portfolio"})
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_ADDRESS: Final = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]+@[^\W_](?:[\w.-]*\w)?")

OWNER: Final = "{owner}"
"""What stands in an audience's addresses for the owner of its program or product."""


class Table(BaseModel):
    """A table of the configuration: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; write one like Europe/Berlin") from None
    return name


def _schedule(text: str) -> str:
    if not _SCHEDULE.fullmatch(text):
        raise ValueError(f'{text!r} is no weekday and time; write it like "Mon 07:00"')
    return text


def _key(text: str) -> str:
    if not _KEY.fullmatch(text) or text in _SCOPE_WORDS:
        raise ValueError(
            f"{text!r} cannot be a key: use letters, digits, dot, dash and underscore, "
            f"and none of {', '.join(sorted(_SCOPE_WORDS))}"
        )
    return text


def _listen(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isdigit() and int(port) < 2**16):
        raise ValueError(f'{text!r} is no address; write it like "127.0.0.1:8080"')
    return text


def _web_url(text: str) -> str:
    if text and (urlsplit(text).scheme not in {"http", "https"} or not urlsplit(text).hostname):
        raise ValueError(f"{text!r} is no web address; it begins with https:// or http://")
    return text


def _address(text: str) -> str:
    if text != OWNER and not _ADDRESS.fullmatch(text):
        raise ValueError(
            f"{text!r} is no mail address; write the bare address, such as board@example.com, "
            f"or {OWNER}"
        )
    return text


def _mailbox(text: str) -> str:
    if text and not _ADDRESS.fullmatch(parseaddr(text)[1]):
        raise ValueError(
            f"{text!r} is no sender; write it like Program status <syncer@example.com>"
        )
    return text


def _holiday(value: object) -> date | str:
    if type(value) is date:
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            if re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", value):
                return value
    raise ValueError('a holiday is a date such as 2026-12-25, or a country such as "DE" or "DE-BY"')


Key = Annotated[str, AfterValidator(_key)]
"""The short name by which a table is called from others and on the command line."""

Zone = Annotated[str, AfterValidator(_zone)]
Schedule = Annotated[str, AfterValidator(_schedule)]
Listen = Annotated[str, AfterValidator(_listen)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
Holiday = Annotated[date | str, PlainValidator(_holiday)]
Address = Annotated[str, AfterValidator(_address)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
TimeOfDay = Annotated[str, Field(pattern=r"^(?:[01]\d|2[0-3]):[0-5]\d$")]


class HooksSettings(Table):
    """The listener for trackers' webhooks."""

    listen: Listen = Field("127.0.0.1:8080", description="Address and port; port 0 takes any.")
    public_url: WebUrl = Field("", description="How trackers reach it from outside.")


class PagesSettings(Table):
    """The listener for people's pages."""

    listen: Listen = Field("127.0.0.1:8081", description="Address and port; port 0 takes any.")
    url: WebUrl = Field("", description="How readers reach it; used for links in digests.")
    auth: Literal["none", "token", "proxy-header"] = Field(
        "none", description="Who may read; `none` only on a loopback address."
    )
    token_env: str = Field("", description='With `auth = "token"`: the variable with the token.')
    token_file: str = Field("", description='With `auth = "token"`: the file with the token.')
    proxy_header: str = Field(
        "X-Forwarded-User",
        pattern=r"^[A-Za-z0-9-]+$",
        description='With `auth = "proxy-header"`: the header in which the proxy names the reader.',
    )
    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        (),
        description='With `auth = "proxy-header"`: addresses or networks (`10.1.0.0/16`) of the '
        "proxies that are believed.",
    )
    people_for: tuple[str, ...] = Field(
        (),
        description='With `auth = "proxy-header"`: readers, as the proxy names them, who may see '
        "how much each person has to do. Left out: nobody; no digest ever tells it.",
    )


class NetworkSettings(Table):
    """How syncer reaches the trackers."""

    proxy_env: str = Field("", description="The variable that holds the proxy's URL.")
    ca_file: str = Field("", description="Certificates to trust besides the system's (PEM).")


class ServiceSettings(Table):
    """Where syncer keeps its data, how it counts time, where `syncer serve` listens."""

    database_url: SecretStr = Field(
        SecretStr("sqlite:///syncer.db"),
        description="A SQLite file, relative to the folder of this file, or a PostgreSQL URL. "
        "A URL with a password belongs in SYNCER_SERVICE__DATABASE_URL.",
    )
    timezone: Zone = Field("UTC", description="The zone in which days and weeks are counted.")
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="Three letters, for money.")
    holidays: tuple[Holiday, ...] = Field(
        (), description='Dates, or countries such as "DE-BY" (needs the extra `i18n`).'
    )
    history_days: int = Field(
        400,
        ge=0,
        le=3650,
        description="Accepted now, for a later version: this one keeps the whole history of items.",
    )
    reconcile_minutes: float = Field(
        15.0,
        gt=0,
        le=1440,
        description="How often `serve` pulls every connection: what a webhook failed to tell is "
        "known after that time.",
    )
    census_hours: float = Field(
        24.0,
        gt=0,
        le=744,
        description="How often `serve` compares the items of each container with those stored, to "
        "find what was deleted, moved or hidden.",
    )
    census_cap: float = Field(
        0.2,
        ge=0,
        le=1,
        description="The share of a container's items that one such comparison may take as deleted "
        "without a person; a single item always may.",
    )
    webhook_grace_minutes: float = Field(
        5.0,
        ge=0,
        le=1440,
        description="How long `serve` waits for the webhook of a change that a pull has found, "
        "before it counts the webhook as lost.",
    )
    inbox_days: float = Field(
        30.0, gt=0, description="How long deliveries of webhooks are kept once they are done with."
    )
    hooks: HooksSettings = Field(HooksSettings(), description="The listener for webhooks.")
    pages: PagesSettings = Field(PagesSettings(), description="The listener for pages.")
    network: NetworkSettings = Field(NetworkSettings(), description="Proxy and certificates.")


class FreezeSettings(Table):
    """Days on which no work, or less of it, gets done. Both days are included."""

    first: date = Field(alias="from", description="The first day.")
    last: date = Field(alias="to", description="The last day.")
    capacity: float = Field(0.0, ge=0, le=1, description="The share of the work that gets done.")

    @model_validator(mode="after")
    def _in_order(self) -> FreezeSettings:
        if self.last < self.first:
            raise ValueError(f'"to" ({self.last}) lies before "from" ({self.first})')
        return self


class SmtpSettings(Table):
    """The mail server. Mail goes out encrypted, or to a server on this machine."""

    host: str = Field("", description="The server; empty: no mail.")
    port: int = Field(587, ge=1, le=65535, description="The server's port.")
    tls: Literal["starttls", "implicit", "none"] = Field(
        "starttls", description="How the connection is protected; `none` only on loopback."
    )
    username: str = Field("", description="The account; empty: no sign-in.")
    password_env: str = Field("", description="The variable that holds the password.")
    password_file: str = Field("", description="The file that holds the password.")
    sender: Mailbox = Field(
        "", alias="from", description="The sender of digests; needed with a host."
    )
    reply_to: Mailbox = Field("", description="Where answers go; empty: to the sender.")
    timeout: float = Field(
        20.0, gt=0, le=25, description="Seconds to wait for the server's answer to a command."
    )
    in_doubt: Literal["resend", "hold"] = Field(
        "resend",
        description="What becomes of a mail whose last answer was lost: sent once more with a "
        "header that says so, or held for a person.",
    )

    @model_validator(mode="after")
    def _protected(self) -> SmtpSettings:
        if self.tls == "none" and self.host and self.host not in _LOOPBACK:
            raise ValueError('tls = "none" is only for a mail server on this machine')
        if self.host and not self.sender:
            raise ValueError('a mail server needs a sender: from = "Status <syncer@example.com>"')
        if self.username and not (self.password_env or self.password_file):
            raise ValueError("a username needs password_env or password_file")
        return self


class ConnectionSettings(BaseModel):
    """One account on one tracker.

    `kind`, `name` and the containers mean the same everywhere; all other keys belong to the
    connector of this kind and are checked by it.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    name: Key = Field(description="The name by which selectors call the connection.")
    kind: str = Field(
        min_length=1,
        description="The connector: `jira`, `github`, `gitlab`, `linear`, `azuredevops`, "
        "`redmine`, `csv` or `push`.",
    )
    containers: tuple[str, ...] = Field(
        (), description="Globs of the containers to sync; empty: all that the account sees."
    )
    exclude: tuple[str, ...] = Field((), description="Globs of containers to leave out.")


class FileChannelSettings(Table):
    """Editions as files: `<path>/<audience>-<edition>.{md,html,txt,json}`."""

    kind: Literal["file"] = Field(description="The kind.")
    path: str = Field(min_length=1, description="The folder, relative to this file's.")


class EmailChannelSettings(Table):
    """Editions by mail, one message to each address."""

    kind: Literal["email"] = Field(description="The kind.")
    to: tuple[Address, ...] = Field(
        min_length=1,
        description="Addresses; `{owner}` is the owner of the program or product, by [[people]].",
    )


ChannelSettings = Annotated[FileChannelSettings | EmailChannelSettings, Field(discriminator="kind")]


class AudienceSettings(Table):
    """Who reads a digest, about what, when and through which channels."""

    key: Key = Field(description="Its short name; editions are called by it.")
    name: str = Field("", description="Its name; empty: the key.")
    lens: Literal["executive", "program", "product"] = Field(
        "executive", description="What the digest names: program-level or product-level work."
    )
    for_each: Literal["", "program", "product"] = Field(
        "", description="One edition for each program or product."
    )
    schedule: Schedule = Field(
        "Mon 07:00",
        description="Weekday and time in its zone at which `serve` publishes, once a week.",
    )
    snapshot_at: TimeOfDay = Field(
        "05:30", description="When the figures are taken on that day, in its zone."
    )
    timezone: Zone | None = Field(None, description="Its zone; left out: the service's.")
    programs: tuple[str, ...] = Field(("*",), description="Globs of program keys.")
    products: tuple[str, ...] = Field(("*",), description="Globs of product keys.")
    count_restricted: bool = Field(
        default=True, description="Whether the number of restricted items is told."
    )
    channels: tuple[ChannelSettings, ...] = Field((), description="Where editions go.")
