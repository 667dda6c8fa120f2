"""Who may read the pages, and what their answers tell a browser: A29, A60, A62, A67."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from syncer.errors import ConfigError
from syncer.settings.models import PagesSettings
from syncer.web.security import (
    HEADERS,
    Access,
    access_of,
    authenticate,
    refuse_open_door,
    say_always,
    secure,
    security_headers,
)
from syncer.web.server import Listener, plainly
from tests.web.door import Answer, Header, exchange, request

TOKEN = "canary-token-of-the-pages"
LOOPBACK = (ip_network("127.0.0.0/8"),)


async def _page(_: web.Request) -> web.Response:
    return web.Response(text="<p>a secret item</p>", content_type="text/html")


async def _broken(_: web.Request) -> web.Response:
    raise ZeroDivisionError(TOKEN)


async def _moved(_: web.Request) -> web.Response:
    raise web.HTTPFound("/page")


@asynccontextmanager
async def pages(access: Access, *, url: str = "") -> AsyncIterator[int]:
    """The port of a listener as the pages use it."""
    headers = security_headers(url)
    private = bool(access.token or access.proxy_header)
    app = web.Application(
        middlewares=[
            secure(headers, private=private),
            plainly,
            authenticate(access, open_paths=frozenset({"/livez"})),
        ]
    )
    app.router.add_get("/page", _page)
    app.router.add_get("/livez", _page)
    app.router.add_get("/broken", _broken)
    app.router.add_get("/moved", _moved)
    async with Listener(app, "127.0.0.1:0", headers=headers) as listener:
        yield listener.port


async def get(port: int, *headers: Header, path: str = "/page") -> Answer:
    return await exchange(port, request(path, *headers, method="GET", length=False))


def basic(password: str, user: str = "") -> Header:
    return ("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())


ROUTES = {
    "page": request("/page", method="GET"),
    "open": request("/livez", method="GET"),
    "missing": request("/missing", method="GET"),
    "method": request("/page", method="POST"),
    "moved": request("/moved", method="GET"),
    "broken": request("/broken", method="GET"),
    "absolute": request("http://evil.example.com/page", method="GET"),
    "malformed": b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    "noise": b"\x00\r\n\r\n",
}


@pytest.mark.parametrize("token", [None, SecretStr(TOKEN)], ids=["open", "refused"])
@pytest.mark.parametrize("raw", ROUTES.values(), ids=ROUTES)
async def test_a60_every_answer_has_the_headers(raw: bytes, token: SecretStr | None) -> None:
    async with pages(Access(token=token), url="https://syncer.example.com") as port:
        answer = await exchange(port, raw)

    told = dict(answer.headers)
    assert answer.status
    for name, value in HEADERS.items():
        assert told[name.lower()] == value
    assert told["strict-transport-security"] == "max-age=31536000"
    assert TOKEN.encode() not in answer.body
    assert not answer.header("set-cookie")


def test_a60_the_policy_allows_no_script_and_no_frame() -> None:
    policy = HEADERS["Content-Security-Policy"].split("; ")

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not any(part.startswith("script-src") for part in policy)


@pytest.mark.parametrize("url", ["", "http://syncer.example.com"])
async def test_a60_http_is_not_made_https(url: str) -> None:
    async with pages(Access(), url=url) as port:
        assert not (await get(port)).header("strict-transport-security")


async def test_a60_what_is_not_for_everybody_is_not_kept_on_the_way() -> None:
    async with pages(Access(token=SecretStr(TOKEN))) as port:
        answer = await get(port, ("Authorization", f"Bearer {TOKEN}"))

    assert answer.header("cache-control") == "no-store"


@pytest.mark.parametrize(
    "header",
    [
        ("Authorization", f"Bearer {TOKEN}"),
        ("authorization", f"bearer  {TOKEN}"),
        basic(TOKEN),
        basic(TOKEN, "anybody"),
    ],
    ids=["bearer", "small letters", "browser", "browser with a name"],
)
async def test_who_has_the_token_may_read(header: Header) -> None:
    async with pages(Access(token=SecretStr(TOKEN))) as port:
        assert (await get(port, header)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "")],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer ")],
        [("Authorization", f"Bearer {TOKEN}x")],
        [("Authorization", f"Bearer {TOKEN[:-1]}")],
        [("Authorization", f"Digest {TOKEN}")],
        [("Authorization", TOKEN)],
        [("Authorization", "Bearer ä")],
        [("Authorization", b"Bearer \xff\xfe")],
        [("Authorization", "Basic !!!")],
        [("Authorization", "Basic ä")],
        [("Authorization", "Basic " + base64.b64encode(TOKEN.encode()).decode())],
        [("Authorization", "Basic " + base64.b64encode(b"\xff\xfe").decode())],
        [basic("")],
        [basic("wrong", TOKEN)],
        [("Authorization", "Bearer wrong"), ("Authorization", f"Bearer {TOKEN}")],
        [("X-Forwarded-User", "admin"), ("X-Forwarded-For", "127.0.0.1")],
        [("Cookie", f"token={TOKEN}")],
    ],
    ids=repr,
)
async def test_a62_who_has_not_the_token_reads_nothing(headers: list[Header]) -> None:
    async with pages(Access(token=SecretStr(TOKEN))) as port:
        answers = [
            await get(port, *headers, path=path) for path in ("/page", "/missing", "/broken")
        ]

    assert {answer.status for answer in answers} == {401}
    assert {answer.body for answer in answers} == {b"401 Unauthorized\n"}
    assert answers[0].header("www-authenticate").startswith("Basic ")


async def test_a62_probes_need_no_token() -> None:
    async with pages(Access(token=SecretStr(TOKEN))) as port:
        assert (await get(port, path="/livez")).status == 200
        assert (await get(port, path="/livez/../page")).status in {401, 404}


async def test_whom_a_trusted_proxy_names_may_read() -> None:
    access = Access(proxy_header="X-Forwarded-User", trusted_proxies=LOOPBACK)
    async with pages(access) as port:
        assert (await get(port, ("X-Forwarded-User", "ada"))).status == 200
        assert (await get(port, ("X-Forwarded-User", " "))).status == 403
        assert (await get(port)).status == 403
        twice: list[Header] = [("X-Forwarded-User", "ada"), ("X-Forwarded-User", "admin")]
        assert (await get(port, *twice)).status == 403


async def test_a29_whom_anybody_else_names_may_not() -> None:
    access = Access(proxy_header="X-Forwarded-User", trusted_proxies=(ip_network("10.0.0.0/8"),))
    forged: list[Header] = [
        ("X-Forwarded-User", "ada"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("X-Real-IP", "10.0.0.1"),
        ("Forwarded", "for=10.0.0.1"),
    ]
    async with pages(access) as port:
        assert (await get(port, *forged)).status == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8081", 200),
        ("localhost", 200),
        ("[::1]:8081", 200),
        ("syncer.example.com", 200),
        ("evil.example.com", 403),
        ("127.0.0.1.evil.example.com", 403),
        ("[", 403),
        ("", 403),
    ],
)
async def test_open_pages_are_not_read_under_a_name_that_was_turned_to_us(
    host: str, status: int
) -> None:
    settings = PagesSettings(url="https://syncer.example.com")
    raw = f"GET /page HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    async with pages(access_of(settings, environment={}, folder=Path())) as port:
        assert (await exchange(port, raw)).status == status


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "127.8.8.8:80", "[::1]:80", "localhost:80"])
def test_on_loopback_the_door_may_stand_open(listen: str) -> None:
    refuse_open_door(PagesSettings(listen=listen))


@pytest.mark.parametrize("listen", ["0.0.0.0:80", "[::]:80", "10.0.0.1:80", "syncer.example:80"])
def test_a62_beyond_loopback_the_door_does_not_stand_open(listen: str) -> None:
    with pytest.raises(ConfigError, match="open to everybody who reaches") as refused:
        refuse_open_door(PagesSettings(listen=listen))

    assert 'service.pages.auth to "token"' in refused.value.fix


FAULTY: list[tuple[dict[str, Any], Mapping[str, str], str]] = [
    ({"auth": "token"}, {}, "names no token"),
    ({"auth": "token", "token_env": "T"}, {}, "holds no secret"),
    ({"auth": "token", "token_env": "T"}, {"T": " "}, "holds no secret"),
    ({"auth": "token", "token_env": "T"}, {"T": "short-one"}, "too short"),
    ({"auth": "token", "token_file": "no-such-file"}, {}, "cannot be read"),
    ({"auth": "proxy-header"}, {}, "names no proxy"),
    ({"auth": "token", "token_env": "T", "people_for": ["ann"]}, {}, "nothing tells who reads"),
]


@pytest.mark.parametrize(("keys", "environment", "said"), FAULTY)
def test_a_door_that_lets_in_the_wrong_ones_is_refused_in_words(
    keys: dict[str, Any], environment: Mapping[str, str], said: str, tmp_path: Path
) -> None:
    settings = PagesSettings(listen="0.0.0.0:80", **keys)

    with pytest.raises(ConfigError, match=said) as refused:
        access_of(settings, environment=environment, folder=tmp_path)

    assert refused.value.fix
    assert "short-one" not in str(refused.value)


def test_the_token_comes_from_a_variable_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    by_file = PagesSettings(auth="token", token_file="token")
    by_variable = PagesSettings(auth="token", token_env="T")

    read = access_of(by_file, environment={}, folder=tmp_path)

    assert read == access_of(by_variable, environment={"T": TOKEN}, folder=tmp_path)
    assert read.token is not None
    assert read.token.get_secret_value() == TOKEN
    assert TOKEN not in repr(read)


def test_the_proxy_comes_from_the_settings() -> None:
    settings = PagesSettings.model_validate(
        {"auth": "proxy-header", "proxy_header": "X-User", "trusted_proxies": ["10.1.0.0/16"]}
    )

    assert access_of(settings, environment={}, folder=Path()) == Access(
        proxy_header="X-User", trusted_proxies=(ip_network("10.1.0.0/16"),)
    )


@pytest.mark.parametrize("path", ["/", "/no-such-page"])
async def test_an_https_address_is_remembered_on_every_answer(path: str) -> None:
    async def home(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="home")

    app = web.Application()
    app.router.add_get("/", home)
    say_always(app, security_headers("https://syncer.example.com"))
    async with Listener(app, "127.0.0.1:0") as listener:
        answer = await exchange(listener.port, request(path, method="GET"))

    assert "max-age" in answer.header("strict-transport-security")
