"""The first `[[connections]]` table that `syncer init` writes, for each kind of tracker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Template
from typing import Final
from urllib.parse import unquote, urlsplit

from syncer.errors import ConfigError

_GITHUB_SITES: Final = frozenset({"github.com", "www.github.com", "api.github.com"})
_GITHUB_API: Final = "https://api.github.com"
_OWN: Final = frozenset({"localhost", "127.0.0.1"})
_AZURE: Final = "dev.azure.com"
_AZURE_OF_OLD: Final = ".visualstudio.com"
_PROJECT_OF_REDMINE: Final = "/projects/"


class Kind(StrEnum):
    """The sorts of trackers that a new file can begin with."""

    JIRA = "jira"
    GITHUB = "github"
    GITLAB = "gitlab"
    AZURE_DEVOPS = "azuredevops"
    LINEAR = "linear"
    REDMINE = "redmine"


def _as_it_is(address: str) -> str:
    return address


def _nothing(address: str) -> str:  # noqa: ARG001  one of several ways to guess from an address
    return ""


def _owner_in(address: str) -> str:
    """The repositories of a GitHub page's owner, which people paste as the address."""
    parts = urlsplit(address)
    owner = parts.path.strip("/").partition("/")[0]
    return f"{owner}/*" if parts.hostname in _GITHUB_SITES and owner else ""


def _github_api(address: str) -> str:
    """The address of the API that belongs to a GitHub's pages."""
    parts = urlsplit(address)
    if parts.hostname in _GITHUB_SITES:
        return _GITHUB_API
    if (
        parts.hostname in _OWN
        or "/api" in parts.path
        or (parts.hostname or "").endswith(".ghe.com")
    ):
        return address
    return f"{parts.scheme}://{parts.netloc}/api/v3"


def _group_in(address: str) -> str:
    """The projects of a group whose page people paste as the address of gitlab.com."""
    parts = urlsplit(address)
    group = parts.path.strip("/").partition("/")[0]
    return f"{group}/*" if parts.hostname == "gitlab.com" and group else ""


def _gitlab_site(address: str) -> str:
    parts = urlsplit(address)
    return "https://gitlab.com" if parts.hostname == "gitlab.com" else address


def _path(address: str) -> list[str]:
    return [unquote(part) for part in urlsplit(address).path.split("/") if part]


def _organisation_site(address: str) -> str:
    """The organisation, where people paste the address of one of its projects."""
    parts, path = urlsplit(address), urlsplit(address).path.strip("/").split("/")
    return f"https://{_AZURE}/{path[0]}" if parts.hostname == _AZURE and path[0] else address


def _project_in(address: str) -> str:
    """The project whose page people paste as the address of their organisation."""
    return "".join(_path(address)[1:2]) if urlsplit(address).hostname == _AZURE else ""


def _organisation_in(address: str) -> str:
    """The name of the organisation, or of a server's collection: its one container."""
    host, path = urlsplit(address).hostname or "", _path(address)
    if host.endswith(_AZURE_OF_OLD):
        return host.removesuffix(_AZURE_OF_OLD)
    return "".join(path[:1] if host == _AZURE else path[-1:]) or "your-company"


def _redmine_site(address: str) -> str:
    """Where Redmine lives, where people paste the address of one of its projects."""
    return address.partition(_PROJECT_OF_REDMINE)[0]


def _redmine_project_in(address: str) -> str:
    return address.partition(_PROJECT_OF_REDMINE)[2].partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One kind: what is asked about it and how its table begins.

    `url` is the default answer to the first question, `question` the second one, `answer` guesses
    its default from the address, `site` makes of the address what belongs into the table. `key` is
    what the second answer is written as, `hint` the comment that stands there without an answer.
    `example` are some items, as a selector writes them, and `place` what it says of the address.
    """

    kind: Kind
    name: str
    url: str
    variable: str
    question: str
    key: str
    hint: str
    example: str
    note: str = ""
    answer: Callable[[str], str] = _nothing
    site: Callable[[str], str] = _as_it_is
    place: Callable[[str], str] = _nothing

    def example_at(self, address: str) -> str:
        """Some items of the tracker at this address, as a selector writes them."""
        return f"{self.example}{self.place(address)}"


_EVERY: Final = (
    Offer(
        kind=Kind.JIRA,
        name="jira",
        url="https://your-company.atlassian.net",
        variable="JIRA_TOKEN",
        question="E-mail of the account",
        key="email",
        hint='# containers = ["NET", "OUT*"]          # projects; left out: all that it sees',
        example="jira:NET",
        note="Jira Cloud or Data Center: found out by itself",
    ),
    Offer(
        kind=Kind.GITHUB,
        name="github",
        url=_GITHUB_API,
        variable="GITHUB_TOKEN",
        question="Repositories, such as acme/*",
        key="containers",
        hint='# containers = ["acme/*"]              # repositories; left out: all that it sees',
        example="github:acme/ran-*",
        note="github.com or an Enterprise Server",
        answer=_owner_in,
        site=_github_api,
    ),
    Offer(
        kind=Kind.GITLAB,
        name="gitlab",
        url="https://gitlab.com",
        variable="GITLAB_TOKEN",
        question="Projects and groups, such as acme/*",
        key="containers",
        hint='# containers = ["acme", "acme/*"]      # the groups and projects to sync',
        example="gitlab:acme/ran-*",
        note="gitlab.com or a site of your own",
        answer=_group_in,
        site=_gitlab_site,
    ),
    Offer(
        kind=Kind.AZURE_DEVOPS,
        name="ado",
        url=f"https://{_AZURE}/your-company",
        variable="ADO_TOKEN",
        question="Projects, such as Network*; empty: all",
        key="projects",
        hint='# projects = ["Network*"]              # left out: all that it sees',
        example="ado:",
        note="the organisation, or a collection of a server",
        answer=_project_in,
        site=_organisation_site,
        place=_organisation_in,
    ),
    Offer(
        kind=Kind.LINEAR,
        name="linear",
        url="https://linear.app",
        variable="LINEAR_API_KEY",
        question="Teams by key, such as ENG; empty: all",
        key="containers",
        hint='# containers = ["ENG", "acme"]         # teams; the workspace, for its projects',
        example="linear:ENG",
        site=lambda _: "https://linear.app",
    ),
    Offer(
        kind=Kind.REDMINE,
        name="redmine",
        url="https://redmine.your-company.com",
        variable="REDMINE_KEY",
        question="Projects, such as network; empty: all",
        key="containers",
        hint='# containers = ["network"]             # projects as in addresses; left out: all',
        example="redmine:network",
        note="the site, with its path where it has one",
        answer=_redmine_project_in,
        site=_redmine_site,
    ),
)
OFFERS: Final[Mapping[Kind, Offer]] = {one.kind: one for one in _EVERY}

_HOSTS: Final[Mapping[str, Kind]] = {
    "github": Kind.GITHUB,
    "ghe": Kind.GITHUB,
    "gitlab": Kind.GITLAB,
    "visualstudio": Kind.AZURE_DEVOPS,
    "linear": Kind.LINEAR,
    "redmine": Kind.REDMINE,
}
"""Parts of hosts' names that say which kind answers there."""

_TABLE: Final = Template("""\
name = $name
kind = $kind$note
url = $url
auth = $auth
$more""")


def kind_of(address: str) -> Kind:
    """What the host's name says, else Jira."""
    host = urlsplit(address).hostname or ""
    if host == _AZURE:
        return Kind.AZURE_DEVOPS
    return next((_HOSTS[part] for part in host.split(".") if part in _HOSTS), Kind.JIRA)


def lines_of(offer: Offer, address: str, *, about: str, token_env: str) -> str:
    """The lines of the table; `about` is the answer to the second question, or empty."""
    secret = f"token_env = {quoted(token_env)}"
    who = f"email = {quoted(about)}, " if offer.kind is Kind.JIRA and about else ""
    listed = f"{offer.key} = [{quoted(about)}]" if about and offer.kind is not Kind.JIRA else ""
    begin = f'kind = "{offer.kind}"'
    return _TABLE.substitute(
        name=quoted(offer.name),
        kind=quoted(offer.kind),
        note=f"{' ' * max(1, 40 - len(begin))}# {offer.note}" if offer.note else "",
        url=quoted(offer.site(address)),
        auth=f"{{ {who}{secret} }}",
        more=listed or offer.hint,
    )


def quoted(text: str) -> str:
    """The text as TOML; `ConfigError` for what cannot stand on a line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if not escaped.isprintable():
        raise ConfigError(f"{text!r} holds characters that do not belong there.")
    return f'"{escaped}"'
