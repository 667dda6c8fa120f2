"""How the connector gets in: at which address, and to which sort of Jira."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import aiohttp

from connectors.jira.client import JiraClient
from connectors.jira.cloud import CloudClient
from connectors.jira.config import JiraConfig
from connectors.jira.data_center import DataCenterClient
from connectors.jira.shapes import read
from connectors.jira.wire import ServerInfo, User
from syncer.clock import Clock
from syncer.connect.answers import Answer
from syncer.connect.auth import Auth, BasicAuth, PatAuth, ScopedTokenAuth, static_headers
from syncer.connect.http import Examine, HttpClient
from syncer.connect.rate import Sleep
from syncer.errors import AuthFailed, BadPayload, ConfigError, Rejected, SyncerError

GATEWAY: Final = "https://api.atlassian.com"
"""Where alone Atlassian's tokens with scopes are valid (support.atlassian.com, "401 Unauthorized
error when service account accesses Jira or Confluence API"; trackers.md 1.16)."""

_SERVER_INFO: Final = "/rest/api/2/serverInfo"  # both sorts answer it
_TENANT_INFO: Final = "/_edge/tenant_info"
_CLOUD_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_FIRST_CLOUD_VERSION: Final = 1000
_LOGIN_REASON: Final = "X-Seraph-LoginReason"
_DENIED_REASON: Final = "X-Authentication-Denied-Reason"
_LOGIN_FIX: Final = (
    "The token may have expired, or belong to another site or account; a personal access token of "
    'Data Center wants auth = { type = "pat", token_env = … }.'
)
_NO_EMAIL_FIX: Final = (
    "The token is sent alone, as Data Center wants it; Jira Cloud needs the account's address "
    'beside it: auth = { email = "…", token_env = … }.'
)
_CAPTCHA_FIX: Final = (
    "After several failed logins Jira asks this account for a CAPTCHA: log in once as it in a "
    "browser, or let an administrator reset its failed logins; then check the credentials."
)


class CaptchaWanted(AuthFailed):
    """Jira lets the account in only after it has solved a riddle in a browser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is known once the account is in.

    `answer` is the one that told `me`, for its headers; `scoped` says that it came by the gateway.
    """

    client: JiraClient
    me: User
    server: ServerInfo
    answer: Answer
    scoped: bool


class Door:
    """Lets one account in, at the site itself or, with a token that has scopes, by the gateway.

    Which one it is stays known, and so does the sort of Jira.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        config: JiraConfig,
        *,
        clock: Clock,
        sleep: Sleep,
        gateway: str = GATEWAY,
    ) -> None:
        if not isinstance(config.auth, BasicAuth | PatAuth | ScopedTokenAuth):
            raise ConfigError(
                f"Jira connections cannot sign in by {config.auth.type!r}.",
                fix='Use auth = { type = "basic", email = …, token_env = … }.',
            )
        self._auth = config.auth
        self._gateway = gateway
        self._clock = clock
        self._sleep = sleep
        self._session = session
        self._url = config.url
        self._site = self._http(config.url, static_headers(config.auth), _logged_in)
        self._by_gateway: HttpClient | None = None
        self._goes_by_gateway = isinstance(config.auth, ScopedTokenAuth)
        self._client: JiraClient | None = None

    async def enter(self) -> Entry:
        """Who the account is, asked anew.

        `AuthFailed` says what to do; `ConfigError` if the address is no Jira's; `Unreachable`.
        """
        if self._goes_by_gateway:
            return await self._through_gateway(await self._gateway_http())
        try:
            return await self._through_site()
        except CaptchaWanted:
            raise
        except AuthFailed as refused:
            entry = await self._tried_by_gateway()
            if entry is None:
                raise _explained(refused, self._auth) from refused
            self._goes_by_gateway = True
            return entry

    async def client(self) -> JiraClient:
        """The dialect to speak, found once."""
        return self._client or (await self.enter()).client

    async def _through_site(self) -> Entry:
        server = await self._server_info()
        client = _dialect(server)(self._site)
        try:
            me, answer = await client.myself()
        except Rejected as refused:
            raise ConfigError(
                f"There is no {client.product} at {self._url}: {refused.message}",
                fix="Correct `url`; it is like https://acme.atlassian.net.",
            ) from refused
        return self._entered(client, me, server=server, answer=answer)

    async def _server_info(self) -> ServerInfo:
        """What the site tells of itself, which a closed one does not."""
        try:
            answer = await self._site.get(_SERVER_INFO, local=True)
            return read(ServerInfo, answer.object(), "serverInfo")
        except (Rejected, BadPayload):
            return ServerInfo()

    def _entered(
        self, client: JiraClient, me: User, *, server: ServerInfo, answer: Answer
    ) -> Entry:
        """The entry; the dialect found first stays, so that what was learnt of it stays too."""
        if self._client is None or type(self._client) is not type(client):
            self._client = client
        scoped = self._client.http is self._by_gateway
        return Entry(client=self._client, me=me, server=server, answer=answer, scoped=scoped)

    async def _tried_by_gateway(self) -> Entry | None:
        """The entry by the gateway; None where that is out of the question or fails as well."""
        if isinstance(self._auth, BasicAuth) and self._auth.email is None:
            return None
        try:
            return await self._through_gateway(await self._gateway_http())
        except SyncerError:
            return None

    async def _through_gateway(self, http: HttpClient) -> Entry:
        client = CloudClient(http)
        try:
            me, answer = await client.myself()
        except Rejected as refused:
            raise AuthFailed(
                refused.message, fix="Give the token the scopes read:jira-work and read:jira-user."
            ) from refused
        except AuthFailed as refused:
            raise _explained(refused, self._auth) from refused
        self._client = None if self._client and self._client.http is not http else self._client
        return self._entered(client, me, server=ServerInfo(), answer=answer)

    async def _gateway_http(self) -> HttpClient:
        """The gateway to this site; the site itself tells its id without any credentials."""
        if self._by_gateway is None:
            anonymous = self._http(self._url, dict, None)
            try:
                told = (await anonymous.get(_TENANT_INFO, local=True)).object().get("cloudId")
            except (Rejected, AuthFailed, BadPayload) as refused:
                raise _no_cloud(self._url) from refused
            if not isinstance(told, str) or not _CLOUD_ID.fullmatch(told):
                raise _no_cloud(self._url)
            url = f"{self._gateway}/ex/jira/{told}"
            self._by_gateway = self._http(url, static_headers(self._auth), _in_scope)
        return self._by_gateway

    def _http(
        self, url: str, auth: Callable[[], Mapping[str, str]], examine: Examine | None
    ) -> HttpClient:
        return HttpClient(
            self._session, url, auth=auth, clock=self._clock, sleep=self._sleep, examine=examine
        )


def _dialect(server: ServerInfo) -> type[JiraClient]:
    """By what the site says of itself; one that says nothing is taken for Cloud."""
    if server.deployment:
        is_cloud = server.deployment == "Cloud"
    else:
        is_cloud = not server.numbers or server.numbers[0] >= _FIRST_CLOUD_VERSION
    return CloudClient if is_cloud else DataCenterClient


def _logged_in(answer: Answer) -> None:
    """Jira answers a refused login as if nobody had asked: 200, and nothing found."""
    reason = answer.headers.get(_LOGIN_REASON, "")
    denied = answer.headers.get(_DENIED_REASON, "")
    if "AUTHENTICATION_DENIED" in reason or "CAPTCHA_CHALLENGE" in denied:
        raise CaptchaWanted(f"{answer.label} wants a CAPTCHA first.", fix=_CAPTCHA_FIX)
    if "AUTHENTICATED_FAILED" in reason:
        raise AuthFailed(f"{answer.label} refused the credentials.", fix=_LOGIN_FIX)


def _in_scope(answer: Answer) -> None:
    """A scope that is missing concerns one call, though the gateway answers 401."""
    if answer.status == HTTPStatus.UNAUTHORIZED and "scope" in answer.explanation().lower():
        raise Rejected(
            f"{answer.label}: the token lacks a scope.{answer.explanation()}",
            status=HTTPStatus.FORBIDDEN,
            fix="Give the token the scopes read:jira-work and read:jira-user.",
        )


def _explained(refused: AuthFailed, auth: Auth) -> AuthFailed:
    own = refused.fix.removesuffix(_LOGIN_FIX)
    hint = _NO_EMAIL_FIX if isinstance(auth, PatAuth) else _LOGIN_FIX
    return AuthFailed(refused.message, fix=f"{own} {hint}".lstrip())


def _no_cloud(url: str) -> ConfigError:
    return ConfigError(
        f"{url} does not tell the id of a Jira Cloud site, which a token with scopes needs.",
        fix='Correct `url`, or use auth = { type = "basic", … } or "pat".',
    )
