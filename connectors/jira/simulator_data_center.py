"""A simulated Jira Data Center: REST API version 2 over the same scripted world as the Cloud's.

Its manners: searches by offset with a total, instants in whole seconds, changelogs whole with
every issue, 404 for all that only Cloud has; personal access tokens as well as passwords.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any, ClassVar, Final

import orjson

from connectors.jira.simulator import JiraSimulator
from connectors.jira.simulator_catalogue import Json
from connectors.jira.simulator_request import Maker, Request, field_names
from connectors.jira.simulator_server import as_server, server_info
from syncer.clock import Clock
from syncer.connect.testing.server import Account
from syncer.connect.testing.world import World

_PAGE: Final = 1000
_DEFAULT_PAGE: Final = 50
_WHOLE: Final = 1_000_000


class JiraDataCenterSimulator(JiraSimulator):
    """Serves a world as Jira Data Center; everything else as `JiraSimulator`.

    `page` is the most issues that one answer holds.
    """

    api: ClassVar[str] = "/rest/api/{version:2|latest}"
    is_cloud: ClassVar[bool] = False
    step: ClassVar[timedelta] = timedelta(seconds=1)
    issue_changelog: ClassVar[int] = _WHOLE

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        account: Account | None = None,
        zone: str = "Europe/Berlin",
        containers: Collection[str] | None = None,
        foreign_url: Callable[[str], str] | None = None,
    ) -> None:
        self.page = _PAGE
        super().__init__(
            world,
            clock,
            account=account or Account(user="syncer-bot", schemes=("Basic", "Bearer")),
            zone=zone,
            containers=containers,
            foreign_url=foreign_url,
        )

    def dialect(self, make: Maker) -> Maker:
        """The answers of a function in the words of a Data Center."""

        def made(request: Request) -> bytes | Json | list[Any]:
            content = make(request)
            told = orjson.loads(content) if isinstance(content, bytes) else content
            return orjson.dumps(as_server(told))

        return made

    def _add_routes(self, api: str) -> None:
        self._add("GET POST", f"{api}/search", self._search)
        self._add("GET", f"{api}/project", self._project_list)
        self._add_shared_routes(api)

    def _tables(self) -> dict[str, Any]:
        tables = dict(super()._tables())
        cloud_info = tables["serverInfo"]
        return tables | {"serverInfo": lambda: server_info(cloud_info())}

    def _search(self, request: Request) -> bytes:
        index = self._searched_index()
        fields = field_names(request.names("fields") or ["*navigable"])
        start, size = request.number("startAt", 0), request.number("maxResults", _DEFAULT_PAGE)
        rows, total = index.offset_page(request.jql(), start, size=min(size, self.page))
        changelog = "changelog" in request.names("expand")
        shown = [self._shown(row.id, fields, changelog=changelog) for row in rows]
        page = {"startAt": start, "maxResults": min(size, self.page), "total": total}
        return orjson.dumps({"expand": "names,schema", **page, "issues": shown})

    def _shown(self, item_id: str, fields: tuple[str, ...], *, changelog: bool) -> Json:
        index = self._searched_index()
        issue = index.issues.issue(item_id, fields)
        if changelog:
            issue["changelog"] = index.inline_changelog(item_id, _WHOLE)
        return issue

    def _project_list(self, _request: Request) -> list[Json]:
        index = self._index()
        return [index.catalogue.project(container) for container in index.containers()]
