"""A simulated GitHub: the REST and GraphQL APIs that a connector meets, over a scripted world.

It is a real HTTP server with GitHub's manners: pull requests among the issues, Link headers, pages
cut to 100, 410 for what was deleted, 301 for what was transferred, 404 alike for what does not
exist and what may not be seen, rate-limit headers on every answer. For the demo and for tests.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from connectors.github import simulator_graphql
from connectors.github.simulator_app import App
from connectors.github.simulator_delivery import issue_delivery
from connectors.github.simulator_index import Index, Manner, Row, number_of
from connectors.github.simulator_projects import Reports
from connectors.github.simulator_register import PATHS, new_book
from connectors.github.simulator_request import (
    Counter,
    Json,
    Listing,
    Refusal,
    Request,
    not_found,
)
from connectors.github.simulator_site import Site
from connectors.github.simulator_timeline import rest_comments, rest_timeline
from syncer.clock import Clock
from syncer.connect.testing.delivery import Delivery, HookAction
from syncer.connect.testing.script import Container, ItemState
from syncer.connect.testing.server import Account, answer
from syncer.connect.testing.simulated import SimulatedTracker, Standing
from syncer.connect.testing.world import World

_REPOSITORY: Final = "/repos/{owner}/{repo}"
_ISSUE: Final = _REPOSITORY + "/issues/{number}"
_PREFIXES: Final = ("", "/api/v3")
_SCOPES: Final = "read:org, read:project, repo"
_UNAUTHORISED: Final = '{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}'
_NO_GRAPHQL: Final = "Resource not accessible by personal access token"
_DELETED: Final = "This issue was deleted"


@dataclass(slots=True, kw_only=True)
class Quirks:
    """Real servers' oddities, off unless a test turns them on.

    `no_graphql`: the token may not use it. `no_projects`: it may not read projects. `no_details`:
    sub-issues, dependencies and the timeline answer 404, as old servers do. `status_labels`:
    statuses are labels instead of a project's field. `silent_projects`: a change of a project's
    field leaves `updated_at` alone.
    """

    no_graphql: bool = False
    no_projects: bool = False
    no_details: bool = False
    status_labels: bool = False
    silent_projects: bool = False


class GitHubSimulator(SimulatedTracker):
    """Serves a world's repositories as GitHub; everything else as `SimulatedTracker`.

    Keys of containers are `owner/name`, keys of items end with the issue's number, ids of items
    are numbers. `limits.secondary_limits` is how many of the next requests run into the secondary
    limit; `limits.allowance("core")` is what the hour still holds. `app` takes a GitHub App's
    requests. `reports.say(…)` writes a status update on a project. `hooks` are the registered
    webhooks.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        containers: Collection[str] | None = None,
        foreign_url: Callable[[str], str] | None = None,
        account: Account | None = None,
    ) -> None:
        super().__init__(
            world,
            clock,
            account=account or Account(user="syncer-bot", schemes=("Bearer", "token")),
            containers=containers,
            foreign_url=foreign_url,
            open_paths=("*/app", "*/app/*", "*/installation"),
        )
        self.quirks = Quirks()
        self.reports = Reports()
        self.limits = Counter(clock, headers={"X-OAuth-Scopes": _SCOPES})
        self.app: App | None = None
        self._standing: Standing[Site] = Standing(world)
        self.server.unauthorised = answer(401, body=_UNAUTHORISED)
        self.hooks = new_book()
        self._add_routes()

    def install(self, app: App) -> None:
        """Accept an app: its signed requests, and the tokens that it gets."""
        self.app = app
        app.watch(self.server)

    def item_url(self, item_id: str) -> str:
        """The address at which people see an issue; `KeyError` if there is none."""
        state = self.world.item(item_id).initial
        state = self.world.state(item_id, self.clock.now()) or state
        return f"{self.url}/{state.container}/issues/{number_of(state.key)}"

    def delivery(self, item_id: str, action: HookAction, *, secret: SecretStr) -> Delivery:
        """The webhook that tells what just happened to an issue, deleted or not.

        Raises:
            KeyError: if there is no such item.
        """
        index = self._site().index
        row = index.rows.get(item_id) or index.row(item_id)
        return issue_delivery(self._site(), row, action, secret=secret)

    # --- the server at this instant -----------------------------------------------------------

    def _site(self) -> Site:
        """What stands now; made anew when anything has changed."""
        instant = self.clock.now()
        manner = Manner(
            status_labels=self.quirks.status_labels,
            silent_projects=self.quirks.silent_projects,
            foreign_url=self._foreign_url,
        )
        served = self.served()
        return self._standing.at(
            instant,
            (served, manner, self.url),
            lambda: Site(Index(self.world, instant, served, manner), self.url),
        )

    # --- routes -------------------------------------------------------------------------------

    def _add_routes(self) -> None:
        for prefix in _PREFIXES:
            for hooks in PATHS:
                self.hooks.serve(self.server, f"{prefix}{hooks}")
            for path, make in self._answers():
                self.server.route("GET", f"{prefix}{path}", self.limits.answering(make))
            create = self.limits.answering(
                lambda request: self._app().new_token(request), status=201
            )
            self.server.route("POST", f"{prefix}/app/installations/{{id}}/access_tokens", create)
        graphql = self.limits.answering(self._graphql, resource="graphql")
        for path in ("/graphql", "/api/graphql"):
            self.server.route("POST", path, graphql)

    def _answers(self) -> Iterator[tuple[str, Callable[[Request], Json | list[Json] | Listing]]]:
        yield "/user", self._user
        yield "/users/{login}", self._person
        yield "/user/repos", self._repositories
        yield "/installation/repositories", self._installed_repositories
        yield "/orgs/{owner}/repos", self._repositories
        yield "/users/{owner}/repos", self._repositories
        yield "/rate_limit", self._rate_limit
        yield "/app", lambda request: self._app().about(request)
        yield "/app/installations", lambda request: self._app().installations(request)
        yield f"{_REPOSITORY}/installation", lambda request: self._app().installation(request)
        yield _REPOSITORY, lambda request: self._site().repository(self._container(request))
        yield f"{_REPOSITORY}/issues", self._issues
        yield f"{_REPOSITORY}/milestones", self._milestones
        yield f"{_REPOSITORY}/labels", self._labels
        yield "/repositories/{id}/issues/{number}", self._issue_by_repository_id
        yield _ISSUE, lambda request: self._site().issue(self._row(request))
        yield f"{_ISSUE}/comments", self._comments
        yield f"{_ISSUE}/timeline", self._timeline
        yield f"{_ISSUE}/parent", self._parent
        yield f"{_ISSUE}/sub_issues", self._sub_issues
        yield f"{_ISSUE}/dependencies/{{side}}", self._dependencies

    def _app(self) -> App:
        if self.app is None:
            raise Refusal(401, "A JSON web token could not be decoded")
        return self.app

    def _user(self, _request: Request) -> Json:
        login = self._account.user
        return {"login": login, "id": 1, "type": "User", "name": "Syncer Bot", "email": None}

    def _person(self, request: Request) -> Json:
        person = self.world.people.get(request.names["login"])
        shown = self._site().user(person.id) if person else None
        if person is None or shown is None:
            raise not_found()
        return shown | {"name": person.name, "email": person.email or None}

    def _rate_limit(self, _request: Request) -> Json:
        resources = {name: self.limits.allowance(name).figures() for name in ("core", "graphql")}
        return {"resources": resources, "rate": resources["core"]}

    def _graphql(self, request: Request) -> Json:
        if self.quirks.no_graphql:
            raise Refusal(403, _NO_GRAPHQL)
        return simulator_graphql.answer(
            self._site(),
            request,
            login=self._account.user,
            projects=not self.quirks.no_projects,
            reports=self.reports,
        )

    # --- repositories -------------------------------------------------------------------------

    def _repositories(self, request: Request) -> Listing:
        site, owner = self._site(), request.names.get("owner", "").casefold()
        shown = [c for c in site.repositories() if _is_of(c, owner)]
        return Listing(shown, site.repository)

    def _installed_repositories(self, _request: Request) -> Listing:
        site = self._site()
        return Listing(site.repositories(), site.repository, wrapper="repositories")

    def _container(self, request: Request) -> Container:
        """The repository in the path, in any case; 404 for what is not seen."""
        name = request.repository.casefold()
        found = (c for c in self._site().repositories() if c.key.casefold() == name)
        container = next(found, None)
        if container is None:
            raise not_found()
        return container

    def _milestones(self, request: Request) -> Listing:
        site, wanted = self._site(), request.query.get("state", "open")
        shown = map(site.milestone, site.milestones(self._container(request).key))
        return Listing([one for one in shown if wanted in ("all", one["state"])])

    def _labels(self, request: Request) -> Listing:
        site, repository = self._site(), self._container(request).key
        return Listing(site.labels(repository), lambda name: site.label(repository, name))

    # --- issues -------------------------------------------------------------------------------

    def _issues(self, request: Request) -> Listing:
        site, wanted = self._site(), request.query.get("state", "open")
        repository = self._container(request).key
        since, within = request.instant("since"), self._within(request, repository)
        by_update = request.query.get("sort") == "updated"
        rows = [
            row
            for row in site.index.ordered(repository, by_update=by_update)
            if wanted in ("all", "closed" if row.closed else "open")
            and (since is None or row.updated.replace(microsecond=0) >= since)
            and within(row)
        ]
        descending = request.query.get("direction", "desc") != "asc"
        return Listing(rows[::-1] if descending else rows, site.issue)

    def _within(self, request: Request, repository: str) -> Callable[[Row], bool]:
        """Whether an issue has the milestone asked for by number; 422 for an unknown one."""
        if "milestone" not in request.query:
            return lambda _row: True
        milestones, number = self._site().milestones(repository), request.count("milestone", 0)
        if not 0 < number <= len(milestones):
            raise Refusal(422, "Validation Failed")
        name = milestones[number - 1].name
        return lambda row: row.state.versions[:1] == (name,)

    def _row(self, request: Request) -> Row:
        """The issue in the path, or why there is none: 301, 404 and 410 mean different things."""
        repository, index = self._container(request).key, self._site().index
        row = index.by_place.get((repository.casefold(), request.number))
        if row is None:
            raise self._absence(repository, request.number)
        return row

    def _absence(self, repository: str, number: int) -> Refusal:
        index = self._site().index
        item_id = index.former(repository, number)
        state = self.world.state(item_id, index.now) if item_id else None
        if item_id is None or state is None or state.hidden:
            return not_found()
        if state.deleted:
            return Refusal(410, _DELETED)
        return self._transferred(state)

    def _transferred(self, state: ItemState) -> Refusal:
        container = self.world.containers[state.container]
        place = f"{self.url}/repositories/{container.id}/issues/{number_of(state.key)}"
        return Refusal(301, "Moved Permanently", location=place)

    def _issue_by_repository_id(self, request: Request) -> Json:
        site = self._site()
        found = (c for c in site.repositories() if c.id == request.names["id"])
        container = next(found, None)
        place = (container.key.casefold() if container else "", request.number)
        if place not in site.index.by_place:
            raise not_found()
        return site.issue(site.index.by_place[place])

    # --- details: not at the old place of a transferred issue, and optional ---------------------

    def _present(self, request: Request) -> Row:
        """The issue in the path, which must still be at its place: nothing redirects here."""
        try:
            return self._row(request)
        except Refusal as refusal:
            raise not_found() if refusal.location else refusal from None

    def _with_details(self, request: Request) -> Row:
        if self.quirks.no_details:
            raise not_found()
        return self._present(request)

    def _comments(self, request: Request) -> Listing:
        return Listing(rest_comments(self._site(), self._present(request)))

    def _timeline(self, request: Request) -> Listing:
        return Listing(rest_timeline(self._site(), self._with_details(request)))

    def _parent(self, request: Request) -> Json:
        site = self._site()
        parent = site.index.parent(self._with_details(request))
        if parent is None:
            raise not_found()
        return site.issue(parent)

    def _sub_issues(self, request: Request) -> Listing:
        site = self._site()
        return Listing(site.index.sub_issues(self._with_details(request)), site.issue)

    def _dependencies(self, request: Request) -> Listing:
        site, row = self._site(), self._with_details(request)
        sides = dict(zip(("blocked_by", "blocking"), site.index.blockers(row.item_id), strict=True))
        if request.names["side"] not in sides:
            raise not_found()
        return Listing(site.index.known(sides[request.names["side"]]), site.issue)


def _is_of(container: Container, owner: str) -> bool:
    """Whether a repository belongs to an owner; all belong to the empty one."""
    return not owner or container.key.casefold().startswith(f"{owner}/")
