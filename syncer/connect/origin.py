"""Addresses that a connection may ask: its own origin and no other."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from syncer.errors import ConfigError, Rejected
from syncer.log import redact


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port, and the path below which the tracker lives."""

    base: str

    @classmethod
    def of(cls, url: str) -> Origin:
        """The origin of a configured address; `ConfigError` if it is none.

        Credentials, a query or a fragment in the address are refused.
        """
        try:
            parts = urlsplit(url)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
            plain = not (parts.username or parts.password or parts.query or parts.fragment)
            _ = parts.port
        except ValueError:
            usable = plain = False
        if not (usable and plain):
            raise ConfigError(
                "The address of a connection must be like https://host/path, without credentials.",
                fix="Correct `url`.",
            )
        return cls(url.rstrip("/"))

    @property
    def host(self) -> str:
        """The host, with the port where one is given."""
        return urlsplit(self.base).netloc

    def absolute(self, reference: str) -> str:
        """The address of a path below the base, or of an absolute reference of the same origin.

        `Rejected` if the reference leads anywhere else: the token never leaves its origin.
        """
        if reference.startswith("/") and not reference.startswith("//"):
            return self.base + reference
        return self.same(reference)

    def same(self, reference: str, *, seen_from: str = "") -> str:
        """The reference as an address of this origin; `Rejected` if it leads elsewhere."""
        try:
            target = urljoin(seen_from or self.base + "/", reference)
            origin = _origin(target)
        except ValueError:
            raise Rejected(
                f"{self.host} points to {redact(reference)[:100]!r}, which is no address.",
                fix="If it stays so, ask the tracker's administrator.",
            ) from None
        if origin != _origin(self.base):
            if urlsplit(target).hostname == urlsplit(self.base).hostname:
                raise Rejected(
                    f"{self.host} sends us to {urlsplit(target).scheme[:10]!r} or another port of "
                    "itself; it was not followed, and no token was sent there.",
                    fix="Correct `url`, for example from http:// to https://.",
                )
            raise Rejected(
                f"{self.host} points to another host ({redact(urlsplit(target).netloc)[:100]!r}); "
                "it was not followed, and no token was sent there.",
                fix="Check `url`: it must be the tracker's own address.",
            )
        return target


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or default
