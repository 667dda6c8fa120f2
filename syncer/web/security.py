"""Who may read the pages, and the headers that keep a browser from doing what nobody asked for.

The headers follow the OWASP Secure Headers Project and the Content Security Policy, level 3. Pages
need no script, no form and nothing from elsewhere, so nearly everything is off.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from pydantic import SecretStr

from syncer.connect.auth import read_secret
from syncer.connect.signing import same
from syncer.errors import ConfigError
from syncer.settings.models import PagesSettings
from syncer.web.server import SERVER, plain_answer

HEADERS: Final[Mapping[str, str]] = {
    **SERVER,
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""On every answer of the pages listener, errors and answers to nonsense included."""

_A_YEAR: Final = "max-age=31536000"
_REALM: Final = 'Basic realm="syncer", charset="UTF-8"'

_LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})

SHORTEST_TOKEN: Final = 16
"""Characters of a token for the pages."""

NAMED: Final = web.RequestKey("reader", str)
"""Where a request holds the name that a trusted proxy gave its reader."""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may read: with `token` whoever tells it, with `proxy_header` whom a trusted proxy names.

    Neither: everybody who reaches the listener, which must then be on loopback. `hosts` are the
    names by which it may be called then (none: any): a page from elsewhere whose name has been
    turned to 127.0.0.1 must not read along in a browser.
    """

    token: SecretStr | None = None
    proxy_header: str = ""
    trusted_proxies: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()


def security_headers(url: str) -> dict[str, str]:
    """The headers of every answer; HSTS only where the configured address is https."""
    if urlsplit(url).scheme != "https":
        return dict(HEADERS)
    return {**HEADERS, "Strict-Transport-Security": _A_YEAR}


def say_always(app: web.Application, headers: Mapping[str, str]) -> None:
    """Let every answer of the application bear the headers that it does not set itself."""

    async def add(_request: web.Request, response: web.StreamResponse) -> None:
        for name, value in headers.items():
            response.headers.setdefault(name, value)

    app.on_response_prepare.append(add)


def secure(headers: Mapping[str, str], *, private: bool) -> Middleware:
    """The middleware that puts the headers on every answer, refusals and errors included.

    `private`: readers are authenticated, so nothing may be kept by caches on the way.
    """
    told = {**headers, hdrs.CACHE_CONTROL: "no-store"} if private else dict(headers)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            answer = await handler(request)
        except web.HTTPException as refusal:
            refusal.headers.update(told)
            raise
        answer.headers.update(told)
        return answer

    return middleware


def authenticate(access: Access, *, open_paths: frozenset[str] = frozenset()) -> Middleware:
    """The middleware that lets in only who may read; `open_paths` are for everybody."""
    may_enter = _rule(access)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if may_enter(request):
            if access.proxy_header:
                request[NAMED] = request.headers[access.proxy_header].strip()
            return await handler(request)
        if request.path in open_paths:
            return await handler(request)
        return _refusal(access)

    return middleware


def _rule(access: Access) -> Callable[[web.Request], bool]:
    token = access.token
    if token is not None:
        return lambda request: any(same(one, token.get_secret_value()) for one in _told(request))
    if access.proxy_header:
        return lambda request: _named_by_proxy(request, access)
    return lambda request: not access.hosts or _called(request) in access.hosts


def _called(request: web.Request) -> str | None:
    """The host by which the request calls us, without the port."""
    try:
        return urlsplit(f"//{request.host}").hostname
    except ValueError:
        return None


def _told(request: web.Request) -> list[str]:
    """What the request tells as its token: as a bearer, or as the password of a browser."""
    told = request.headers.getall(hdrs.AUTHORIZATION, [])
    if len(told) != 1:
        return []
    scheme, _, value = told[0].partition(" ")
    match scheme.lower():
        case "bearer":
            return [value.strip()]
        case "basic":
            return _password(value.strip())
        case _:
            return []


def _password(encoded: str) -> list[str]:
    try:
        plain = base64.b64decode(encoded.encode(), validate=True).decode()
    except (binascii.Error, ValueError):
        return []
    _, colon, password = plain.partition(":")
    return [password] if colon else []


def _named_by_proxy(request: web.Request, access: Access) -> bool:
    """Whether a trusted proxy itself, not somebody who pretends to be one, names a reader."""
    named = request.headers.getall(access.proxy_header, [])
    return len(named) == 1 and bool(named[0].strip()) and _trusted(request, access)


def _trusted(request: web.Request, access: Access) -> bool:
    """Whether the peer of the connection is a trusted proxy; headers that say so do not count."""
    try:
        peer = ip_address(str(request.remote).partition("%")[0])
    except ValueError:
        return False
    peer = getattr(peer, "ipv4_mapped", None) or peer
    return any(peer in network for network in access.trusted_proxies)


def _refusal(access: Access) -> web.Response:
    if access.token is None:
        return plain_answer(403)
    return plain_answer(401, headers={hdrs.WWW_AUTHENTICATE: _REALM})


def access_of(pages: PagesSettings, *, environment: Mapping[str, str], folder: Path) -> Access:
    """The configured access to the pages, the token read (a relative file from `folder`).

    `ConfigError` where the door would stand open, and where the token is missing or short.
    """
    refuse_open_door(pages)
    match pages.auth:
        case "token":
            return Access(token=_token(pages, environment, folder))
        case "proxy-header":
            return Access(proxy_header=pages.proxy_header, trusted_proxies=pages.trusted_proxies)
        case _:
            host = urlsplit(pages.url).hostname
            return Access(hosts=_LOOPBACK_NAMES | ({host} if host else set()))


def refuse_open_door(pages: PagesSettings) -> None:
    """`ConfigError` where the pages could be read by everybody, or by nobody."""
    host = pages.listen.rpartition(":")[0].strip("[]")
    if pages.auth == "none" and not _is_loopback(host):
        raise ConfigError(
            f"The pages would be open to everybody who reaches {pages.listen}: they show what the "
            "trackers show to syncer's accounts alone.",
            fix='Set service.pages.auth to "token" or "proxy-header", or listen on 127.0.0.1.',
        )
    if pages.auth == "token" and not (pages.token_env or pages.token_file):
        raise ConfigError(
            'service.pages.auth = "token" names no token.',
            fix="Set service.pages.token_env or token_file.",
        )
    if pages.people_for and pages.auth != "proxy-header":
        raise ConfigError(
            "service.pages.people_for names readers, but nothing tells who reads.",
            fix='Set service.pages.auth to "proxy-header", or leave people_for out.',
        )
    if pages.auth == "proxy-header" and not pages.trusted_proxies:
        raise ConfigError(
            'service.pages.auth = "proxy-header" names no proxy: anybody could send the header.',
            fix="Set service.pages.trusted_proxies to the proxies' addresses.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _token(pages: PagesSettings, environment: Mapping[str, str], folder: Path) -> SecretStr:
    key = "token_env" if pages.token_env else "token_file"
    name = f"service.pages.{key}"
    token = read_secret(name, getattr(pages, key), env=environment, base=folder)
    if len(token.get_secret_value()) < SHORTEST_TOKEN:
        raise ConfigError(
            f"The token of {name} is too short to keep anybody out.",
            fix=f"Use at least {SHORTEST_TOKEN} random characters.",
        )
    return token
