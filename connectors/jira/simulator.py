"""A simulated Jira Cloud: the REST API v3 that a connector meets, over a scripted world.

It is a real HTTP server with Jira's manners: no total in the search, ids only unless fields are
asked for, a changelog capped at 40 entries, 400 for an unbounded query, 410 for the old search,
404 alike for what does not exist and what may not be seen. For the demo and for tests.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web
from pydantic import SecretStr

from connectors.jira.simulator_catalogue import Catalogue, Json
from connectors.jira.simulator_hooks import issue_delivery
from connectors.jira.simulator_index import Index
from connectors.jira.simulator_query import JqlError
from connectors.jira.simulator_quirks import (
    Quirks,
    epoch_milliseconds,
    true_token,
)
from connectors.jira.simulator_register import serve_register
from connectors.jira.simulator_request import (
    Maker,
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
from syncer.connect.testing.delivery import Delivery, HookAction
from syncer.connect.testing.script import Container
from syncer.connect.testing.server import Account, answer
from syncer.connect.testing.simulated import SimulatedTracker, Standing
from syncer.connect.testing.world import World

CLOUD_ID: Final = "made-up-cloud"
_EVERYTHING: Final = "/rest/{rest:.*}"
_IDS_ONLY: Final = frozenset({"id", "key"})
_PAGE_OF_FIELDS: Final = 100
_DEFAULT_PAGE: Final = 50
_BULK_ISSUES: Final = 100
_RECONCILED: Final = 50
_PAGE_OF_CHANGES: Final = 100
_BULK_CHANGELOG: Final = 1000
_GONE: Final = "The requested API has been removed. Use /rest/api/3/search/jql."
_UNAUTHORISED: Final = (
    '{"message":"Client must be authenticated to access this resource.","status-code":401}'
)


class JiraSimulator(SimulatedTracker):
    """Serves a world as Jira Cloud; everything else as `SimulatedTracker`.

    `zone` is the account's time zone. Links to items of other trackers are not shown, so
    `foreign_url` is not asked. With `scoped` the site itself refuses the account, as it does a
    token with scopes; pass `url` as the connector's `gateway` then.
    """

    api: ClassVar[str] = "/rest/api/{version:2|3|latest}"
    is_cloud: ClassVar[bool] = True
    step: ClassVar[timedelta] = timedelta(microseconds=1)
    issue_changelog: ClassVar[int] = 100

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        account: Account | None = None,
        zone: str = "Europe/Berlin",
        containers: Collection[str] | None = None,
        foreign_url: Callable[[str], str] | None = None,
        scoped: bool = False,
    ) -> None:
        super().__init__(
            world,
            clock,
            account=account or Account(),
            containers=containers,
            foreign_url=foreign_url,
            open_paths=("/_edge/tenant_info",),
        )
        self.quirks = Quirks()
        self._deliveries = 0
        self._zone = ZoneInfo(zone)
        self._indexes: dict[timedelta, Standing[Index]] = {}
        self.server.unauthorised = answer(
            401, body=_UNAUTHORISED, headers={"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
        )
        prefix = f"/ex/jira/{CLOUD_ID}" if scoped else ""
        self._add_routes(f"{prefix}{self.api}")
        self.hooks = serve_register(self.server, cloud=self.is_cloud)
        if scoped:
            self.server.route("GET POST", _EVERYTHING, _refused)

    def item_url(self, item_id: str) -> str:
        """The address at which people see an item of this site."""
        return f"{self.url}/browse/{self._index().issues.key_of(item_id)}"

    def delivery(self, item_id: str, action: HookAction, *, secret: SecretStr) -> Delivery:
        """The webhook that tells what just happened to an item, as this Jira would send it."""
        self._deliveries += 1
        return issue_delivery(
            self._index(),
            item_id,
            action,
            secret=secret,
            number=self._deliveries,
            cloud=self.is_cloud,
        )

    # --- the site at this instant -------------------------------------------------------------

    def _searched_index(self) -> Index:
        """The site as its search knows it."""
        return self._index(self.quirks.search_lag, self.quirks.late)

    def _index(
        self, lag: timedelta = timedelta(0), late: Mapping[str, timedelta] | None = None
    ) -> Index:
        """The site as it stands, or stood `lag` ago; made anew when anything has changed."""
        instant = self.clock.now() - lag
        if late:
            return self._made(instant, late)
        kept = self._indexes.setdefault(lag, Standing(self.world))
        facts = (frozenset(self.hidden_containers), self.url)
        return kept.at(instant, facts, lambda: self._made(instant, {}))

    def _made(self, instant: datetime, late: Mapping[str, timedelta]) -> Index:
        known = frozenset(self.world.containers)
        elsewhere = known - (known if self._containers is None else self._containers)
        return Index(
            Catalogue(self.world, self.url, self._zone),
            instant,
            frozenset(self.hidden_containers),
            elsewhere,
            self.step,
            late,
        )

    # --- routes -------------------------------------------------------------------------------

    def _add_routes(self, api: str) -> None:
        add = self._add
        add("GET POST", f"{api}/search/jql", self._search)
        add("GET POST", f"{api}/search", _gone)
        add("POST", f"{api}/search/approximate-count", self._count)
        add("POST", f"{api}/issue/bulkfetch", self._bulk_fetch)
        add("POST", f"{api}/changelog/bulkfetch", self._bulk_changelog)
        add("GET", f"{api}/issue/{{key}}/changelog", self._changelog)
        add("GET", f"{api}/project/search", self._projects)
        add("GET", "/_edge/tenant_info", lambda _: {"cloudId": CLOUD_ID})
        self._add_shared_routes(api)

    def _add_shared_routes(self, api: str) -> None:
        """What Cloud and Data Center have in common."""
        add = self._add
        add("GET", f"{api}/issue/{{key}}", self._issue)
        add("GET", f"{api}/issue/{{key}}/comment", self._comments)
        add("GET", f"{api}/issue/{{key}}/remotelink", lambda _: b"[]")
        add("GET", f"{api}/project/{{key}}", self._project)
        add("GET", f"{api}/project/{{key}}/versions", self._versions)
        for name, table in self._tables().items():
            add("GET", f"{api}/{name}", _without_request(table))

    def _add(self, methods: str, path: str, make: Maker) -> None:
        self.server.route(methods, path, answering(self.dialect(make)))

    def dialect(self, make: Maker) -> Maker:
        """The answers of a function in the words of this sort of Jira."""
        return make

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
        index = self._searched_index()
        fields = field_names(request.names("fields") or ["id"])
        bare = _IDS_ONLY.issuperset(request.names("fields") or ["id"])
        cap = self.quirks.page_of_ids if bare else _PAGE_OF_FIELDS
        size = min(request.number("maxResults", _DEFAULT_PAGE), cap)
        asked = request.text("nextPageToken")
        if self.quirks.empty_before(asked):
            return page_answer([], token=self.quirks.one_less(asked), last=False)
        rows, token = index.page(request.jql(), true_token(asked), size=size)
        ids = [row.id for row in rows]
        if not asked:
            ids += self._reconciled(request, ids)
        token = asked if self.quirks.repeat_token and asked else self.quirks.shown_token(token)
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
        return {"count": len(self._searched_index().find(request.jql()).rows)}

    # --- issues -------------------------------------------------------------------------------

    def _issue(self, request: Request) -> bytes:
        index = self._index()
        item_id = resolved(index, request.key)
        fields = field_names(request.names("fields") or ["*all"])
        issue = index.issues.issue(item_id, fields)
        if "changelog" in request.names("expand"):
            issue["changelog"] = index.inline_changelog(item_id, self.issue_changelog)
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
        return orjson.dumps({"expand": "names,schema", "issues": shown, "issueErrors": []})

    def _changelog(self, request: Request) -> Json:
        index = self._index()
        histories = index.issues.histories(resolved(index, request.key))
        return window(histories, request, cap=_PAGE_OF_CHANGES, link=f"{self.url}{request.path}")

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
        return history | {"created": epoch_milliseconds(history["created"])}

    def _comments(self, request: Request) -> Json:
        index = self._index()
        comments = index.issues.comments(resolved(index, request.key))
        shown = window(comments, request, cap=_PAGE_OF_CHANGES, link=self.url)
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


async def _refused(_request: web.Request) -> web.StreamResponse:
    headers = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
    return web.Response(
        status=401, text=_UNAUTHORISED, headers=headers, content_type="application/json"
    )


def _gone(_request: Request) -> Json:
    raise Removed(_GONE)
