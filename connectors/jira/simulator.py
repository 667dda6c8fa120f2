"""A simulated Jira Cloud: the REST API v3 that a connector meets, over a scripted world.

It is a real HTTP server with Jira's manners: no total in the search, ids only unless fields are
asked for, a changelog capped at 40 entries, 400 for an unbounded query, 410 for the old search,
404 alike for what does not exist and what may not be seen. For the demo and for tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

import orjson

from connectors.jira.simulator_catalogue import Catalogue, Json
from connectors.jira.simulator_index import Index
from connectors.jira.simulator_query import JqlError
from connectors.jira.simulator_request import (
    NO_ISSUE,
    Missing,
    Removed,
    Request,
    answering,
    field_names,
    page_answer,
    resolved,
    window,
)
from syncer.clock import Clock
from syncer.connect.testing.script import Container
from syncer.connect.testing.server import Account, FakeTracker, answer
from syncer.connect.testing.world import World

_API: Final = "/rest/api/{version:2|3|latest}"
_IDS_ONLY: Final = frozenset({"id", "key"})
_PAGE_OF_IDS: Final = 5000
_PAGE_OF_FIELDS: Final = 100
_DEFAULT_PAGE: Final = 50
_BULK_ISSUES: Final = 100
_RECONCILED: Final = 50
_ISSUE_CHANGELOG: Final = 100
_BULK_CHANGELOG: Final = 1000
_GONE: Final = "The requested API has been removed. Use /rest/api/3/search/jql."
_UNAUTHORISED: Final = (
    '{"message":"Client must be authenticated to access this resource.","status-code":401}'
)


@dataclass(slots=True, kw_only=True)
class Quirks:
    """Real sites' oddities, off unless a test turns them on.

    `search_lag`: how far the search lags behind the truth. `repeat_token`: every page answers
    the first page's token. `is_last_lies`: `isLast` is always true. `empty_pages`: so many
    pages without issues come first, each with a fresh token. `epoch_histories`: the bulk
    changelog writes instants as epoch milliseconds.
    """

    search_lag: timedelta = timedelta(0)
    repeat_token: bool = False
    is_last_lies: bool = False
    empty_pages: int = 0
    epoch_histories: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    """An index with the facts that it was made from and the instant at which it goes stale."""

    index: Index
    facts: tuple[int, frozenset[str], str]
    until: datetime | None

    def holds_at(self, instant: datetime) -> bool:
        return self.until is None or instant < self.until


class JiraSimulator:
    """Serves a world as Jira Cloud while it is open as an asynchronous context manager.

    `server` is the fake tracker underneath: script faults and read requests there. Containers
    in `hidden_containers` are out of the account's sight. `zone` is the account's time zone.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        account: Account | None = None,
        zone: str = "Europe/Berlin",
    ) -> None:
        self.world = world
        self.clock = clock
        self.quirks = Quirks()
        self.hidden_containers: set[str] = set()
        self._account = account or Account()
        self._zone = ZoneInfo(zone)
        self._indexes: dict[timedelta, _Kept] = {}
        self.server = FakeTracker(
            account=self._account, open_paths=("/_edge/tenant_info",), clock=clock
        )
        self.server.unauthorised = answer(
            401, body=_UNAUTHORISED, headers={"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
        )
        self._add_routes()

    @property
    def url(self) -> str:
        """The base URL, without a final slash."""
        return self.server.url

    @property
    def account(self) -> Account:
        """The credentials that are accepted."""
        return self._account

    async def __aenter__(self) -> Self:
        await self.server.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.server.stop()

    # --- the site at this instant -------------------------------------------------------------

    def _index(self, lag: timedelta = timedelta(0)) -> Index:
        """The site as it stands, or stood `lag` ago; made anew when anything has changed."""
        instant = self.clock.now() - lag
        facts = (self.world.revision, frozenset(self.hidden_containers), self.url)
        kept = self._indexes.get(lag)
        if kept is not None and kept.facts == facts and kept.holds_at(instant):
            return kept.index
        index = Index(Catalogue(self.world, self.url, self._zone), instant, facts[1])
        self._indexes[lag] = _Kept(index, facts, self.world.next_change(instant))
        return index

    # --- routes -------------------------------------------------------------------------------

    def _add_routes(self) -> None:
        add = self.server.route
        add("GET POST", f"{_API}/search/jql", answering(self._search))
        add("GET POST", f"{_API}/search", answering(_gone))
        add("POST", f"{_API}/search/approximate-count", answering(self._count))
        add("POST", f"{_API}/issue/bulkfetch", answering(self._bulk_fetch))
        add("POST", f"{_API}/changelog/bulkfetch", answering(self._bulk_changelog))
        add("GET", f"{_API}/issue/{{key}}", answering(self._issue))
        add("GET", f"{_API}/issue/{{key}}/changelog", answering(self._changelog))
        add("GET", f"{_API}/issue/{{key}}/comment", answering(self._comments))
        add("GET", f"{_API}/issue/{{key}}/remotelink", answering(lambda _: b"[]"))
        add("GET", f"{_API}/project/search", answering(self._projects))
        add("GET", f"{_API}/project/{{key}}", answering(self._project))
        add("GET", f"{_API}/project/{{key}}/versions", answering(self._versions))
        add("GET", "/_edge/tenant_info", answering(lambda _: {"cloudId": "made-up-cloud"}))
        for name, table in self._tables().items():
            add("GET", f"{_API}/{name}", answering(_without_request(table)))

    def _tables(self) -> Mapping[str, Callable[[], Any]]:
        """The answers that depend on no parameter."""

        def catalogue() -> Catalogue:
            return self._index().catalogue

        return {
            "myself": self._myself,
            "serverInfo": lambda: catalogue().server_info(self.clock.now()),
            "field": lambda: catalogue().fields(),
            "status": lambda: catalogue().statuses(),
            "issuetype": lambda: catalogue().issue_types(),
            "issueLinkType": lambda: {"issueLinkTypes": catalogue().link_types()},
            "priority": lambda: catalogue().priorities(),
            "mypermissions": lambda: {
                "permissions": {"BROWSE_PROJECTS": {"id": "10", "havePermission": True}}
            },
        }

    def _myself(self) -> Json:
        return {
            "self": f"{self.url}/rest/api/3/user?accountId=syncer-bot",
            "accountId": "syncer-bot",
            "accountType": "app",
            "emailAddress": self._account.user,
            "displayName": "Syncer Bot",
            "active": True,
            "timeZone": str(self._zone),
            "locale": "en_US",
        }

    # --- search -------------------------------------------------------------------------------

    def _search(self, request: Request) -> bytes:
        index = self._index(self.quirks.search_lag)
        fields = field_names(request.names("fields") or ["id"])
        bare = _IDS_ONLY.issuperset(request.names("fields") or ["id"])
        cap = _PAGE_OF_IDS if bare else _PAGE_OF_FIELDS
        size = min(request.number("maxResults", _DEFAULT_PAGE), cap)
        asked = request.text("nextPageToken")
        if self.quirks.empty_pages:
            self.quirks.empty_pages -= 1
            return page_answer([], token=f"empty-{self.quirks.empty_pages}", last=False)
        rows, token = index.page(request.jql(), _true_token(asked), size=size)
        ids = [row.id for row in rows]
        if not asked:
            ids += self._reconciled(request, ids)
        if self.quirks.repeat_token and asked:
            token = asked
        if not request.names("fields"):
            shown = [orjson.dumps({"id": item_id}) for item_id in ids]
        else:
            changelog = "changelog" in request.names("expand")
            shown = [
                self._fresh(item_id, index).render(item_id, fields, changelog=changelog)
                for item_id in ids
            ]
        return page_answer(shown, token=token, last=self.quirks.is_last_lies or token is None)

    def _fresh(self, item_id: str, index: Index) -> Index:
        return index if item_id in index.rows else self._index()

    def _reconciled(self, request: Request, found: Sequence[str]) -> list[str]:
        """Issues that the caller knows to be new, added though the search lags behind."""
        wanted = request.names("reconcileIssues")
        if len(wanted) > _RECONCILED:
            raise JqlError(f"At most {_RECONCILED} issues can be reconciled.")
        fresh = {row.id for row in self._index().find(request.jql()).rows} if wanted else set()
        return [item_id for item_id in wanted if item_id in fresh and item_id not in found]

    def _count(self, request: Request) -> Json:
        return {"count": len(self._index(self.quirks.search_lag).find(request.jql()).rows)}

    # --- issues -------------------------------------------------------------------------------

    def _issue(self, request: Request) -> bytes:
        index = self._index()
        item_id = resolved(index, request.key)
        fields = field_names(request.names("fields") or ["*all"])
        issue = index.issues.issue(item_id, fields)
        if "changelog" in request.names("expand"):
            issue["changelog"] = index.inline_changelog(item_id, _ISSUE_CHANGELOG)
        return orjson.dumps(issue)

    def _bulk_fetch(self, request: Request) -> bytes:
        index = self._index()
        wanted = request.names("issueIdsOrKeys")
        if not 0 < len(wanted) <= _BULK_ISSUES:
            raise JqlError(f"Between 1 and {_BULK_ISSUES} issues can be fetched at once.")
        fields = field_names(request.names("fields") or ["*navigable"])
        changelog = "changelog" in request.names("expand")
        found = {identity: index.resolve(identity) for identity in wanted}
        shown = [
            orjson.Fragment(index.render(item_id, fields, changelog=changelog))
            for item_id in dict.fromkeys(found.values())
            if item_id is not None
        ]
        missing = [name for name, item_id in found.items() if item_id is None]
        errors = [{"id": name, "errorMessage": NO_ISSUE} for name in missing]
        return orjson.dumps({"expand": "names,schema", "issues": shown, "issueErrors": errors})

    def _changelog(self, request: Request) -> Json:
        index = self._index()
        histories = index.issues.histories(resolved(index, request.key))
        return window(histories, request, cap=_ISSUE_CHANGELOG, link=f"{self.url}{request.path}")

    def _bulk_changelog(self, request: Request) -> Json:
        index = self._index()
        found = (index.resolve(name) for name in request.names("issueIdsOrKeys"))
        wanted = set(request.names("fieldIds"))
        dated = [
            (item_id, history)
            for item_id, history in index.bulk_changelog(i for i in found if i is not None)
            if not wanted or any(row.get("fieldId") in wanted for row in history["items"])
        ]
        start = int(request.text("nextPageToken") or 0)
        size = min(request.number("maxResults", _BULK_CHANGELOG), _BULK_CHANGELOG)
        grouped: dict[str, list[Json]] = {}
        for item_id, history in dated[start : start + size]:
            grouped.setdefault(item_id, []).append(self._bulk_history(history))
        logs = [{"issueId": k, "changeHistories": v} for k, v in grouped.items()]
        token = {"nextPageToken": str(start + size)} if start + size < len(dated) else {}
        return {"issueChangeLogs": logs, **token}

    def _bulk_history(self, history: Json) -> Json:
        if not self.quirks.epoch_histories:
            return history
        return history | {"created": _epoch_milliseconds(history["created"])}

    def _comments(self, request: Request) -> Json:
        index = self._index()
        comments = index.issues.comments(resolved(index, request.key))
        shown = window(comments, request, cap=_ISSUE_CHANGELOG, link=self.url)
        return {
            "startAt": shown["startAt"],
            "maxResults": shown["maxResults"],
            "total": shown["total"],
            "comments": shown["values"],
        }

    # --- projects -----------------------------------------------------------------------------

    def _projects(self, request: Request) -> Json:
        index = self._index()
        keys = request.names("keys")
        shown = [
            self._project_shown(index, container, insight="insight" in request.names("expand"))
            for container in index.containers()
            if not keys or container.key in keys
        ]
        return window(shown, request, cap=_DEFAULT_PAGE, link=f"{self.url}{request.path}")

    def _project_shown(self, index: Index, container: Container, *, insight: bool) -> Json:
        shown = index.catalogue.project(container) | {"style": "classic", "isPrivate": False}
        if not insight:
            return shown
        rows = [row for row in index.rows.values() if row.state.container == container.key]
        latest = max((row.updated for row in rows), default=None)
        told = {"lastIssueUpdateTime": index.catalogue.instant(latest)} if latest else {}
        return shown | {"insight": {"totalIssueCount": len(rows), **told}}

    def _project(self, request: Request) -> Json:
        index = self._index()
        container = next((c for c in index.containers() if request.key in (c.key, c.id)), None)
        if container is None:
            raise Missing(f"No project could be found with key '{request.key}'.")
        return self._project_shown(index, container, insight=False) | {
            "issueTypes": index.catalogue.issue_types(),
            "versions": self._versions(request),
        }

    def _versions(self, request: Request) -> list[Json]:
        index = self._index()
        known = [v for v in self.world.versions if v.container == request.key]
        return [index.catalogue.version(version, index.now) for version in known]


def _without_request(table: Callable[[], Any]) -> Callable[[Request], Any]:
    return lambda _request: table()


def _gone(_request: Request) -> Json:
    raise Removed(_GONE)


def _true_token(token: str) -> str | None:
    """The page token that a client sent back; the tokens of empty pages lead to the start."""
    return None if not token or token.startswith("empty-") else token


def _epoch_milliseconds(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp() * 1000)
