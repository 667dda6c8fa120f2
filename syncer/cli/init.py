"""`syncer init`: three questions, one commented file."""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from pathlib import Path
from string import Template
from typing import Annotated, Final, NamedTuple
from urllib.parse import urlsplit

import typer

from syncer.cli.context import options
from syncer.errors import ConfigError

_URL: Final = "https://your-company.atlassian.net"
_VARIABLES: Final = {"jira": "JIRA_TOKEN", "github": "GITHUB_TOKEN"}
_GITHUB_SITES: Final = frozenset({"github.com", "www.github.com", "api.github.com"})
_GITHUB_URL: Final = "https://api.github.com"
_ADDRESS: Final = re.compile(r"https?://(localhost|[^\s/?#@]+[.:][^\s/?#@]+)(/[^\s?#]*)?")
_VARIABLE_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]*")

_FILE: Final = Template("""\
# The configuration of syncer. Whatever is not written here has a default;
# docs/configuration.md, in the sources of syncer, describes every key.
# Check this file with `syncer check`.

[service]
timezone = $timezone                        # the zone in which days and weeks are counted

# One table for each account on a tracker. The secret itself never stands here:
# token_env names the environment variable that holds it, token_file the file.
[[connections]]
$connection

# Every container is a project of its own until you say otherwise:
#
# [[projects]]
# key = "network"
# name = "Network upgrade"
# owner = "M. Okafor"
# items = [$example]                  # or { label = "prog:*" }, ...
# target = 2027-03-19
# criticality = "must"
# cost_of_delay_per_week = 120000
#
# [[programs]]
# key = "5g"
# name = "5G Infrastructure"
# owner = "J. Roth"
# projects = ["network"]
#
# `syncer discover` drafts programs and products from what the tracker holds.

# Who reads the digest. Without an audience it is only printed.
#
# [[audiences]]
# key = "leadership"
# name = "Senior management"
# channels = [{ kind = "file", path = "digests/" }]
""")


_JIRA: Final = Template("""\
name = "jira"
kind = "jira"                           # Jira Cloud or Data Center: found out by itself
url = $url
auth = $auth
# containers = ["NET", "OUT*"]          # the Jira projects to sync; left out: all that it sees""")

_GITHUB: Final = Template("""\
name = "github"
kind = "github"                         # github.com or an Enterprise Server
url = $url
auth = $auth
$containers""")


_ALL_REPOSITORIES: Final = (
    '# containers = ["acme/*"]              # the repositories to sync; left out: all that it sees'
)


class Kind(StrEnum):
    """The sorts of trackers that a new file can begin with."""

    JIRA = "jira"
    GITHUB = "github"


_Containers = Annotated[
    str | None,
    typer.Option(
        "--containers",
        metavar="OWNER/*",
        help="The GitHub repositories to sync, as a glob.",
        show_default=False,
    ),
]


def init(
    ctx: typer.Context,
    url: Annotated[
        str | None,
        typer.Option("--url", help="The address of your tracker.", show_default=False),
    ] = None,
    kind: Annotated[
        Kind | None,
        typer.Option("--kind", help="Told by the address if left out.", show_default=False),
    ] = None,
    containers: _Containers = None,
    email: Annotated[
        str | None,
        typer.Option(
            "--email",
            help="The account's e-mail address.",
            show_default=False,
        ),
    ] = None,
    token_env: Annotated[
        str | None,
        typer.Option(
            "--token-env",
            help="The environment variable that holds the token.",
            show_default=False,
        ),
    ] = None,
    timezone: Annotated[
        str, typer.Option("--timezone", help="The zone in which days are counted.")
    ] = "UTC",
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing; take defaults for what is not given.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a commented configuration file after three questions."""
    file = options(ctx).config
    _refuse_to_overwrite(file, force=force)
    chosen, connection, token = _asked(_Given(url, kind, containers, email, token_env), yes=yes)
    example = f'"{chosen}:NET"' if chosen is Kind.JIRA else '"github:acme/ran-*"'
    _write(
        file,
        _FILE.substitute(timezone=_quoted(timezone), connection=connection, example=example),
    )
    typer.echo(f"Wrote {file}.")
    typer.echo(f"Next: export {token}=...; syncer check; syncer sync; syncer digest", err=True)


class _Given(NamedTuple):
    """What was said on the command line; None is asked."""

    url: str | None
    kind: Kind | None
    containers: str | None
    email: str | None
    token_env: str | None


def _asked(given: _Given, *, yes: bool) -> tuple[Kind, str, str]:
    """The kind, the lines of the connection and the variable of the token, after the questions."""
    default = _default_url(given.kind)
    address = _address(_ask("Address of your Jira or GitHub", given.url, default, yes=yes))
    chosen = given.kind or _kind_of(address)
    if chosen is Kind.GITHUB:
        owned = _owner_in(address)
        about = _ask("Repositories, such as acme/*", given.containers, owned, yes=yes)
    else:
        about = _ask("E-mail of the account", given.email, "", yes=yes)
    variable = _VARIABLES[chosen]
    token = _ask("Environment variable that holds the token", given.token_env, variable, yes=yes)
    _refuse_pasted_secret(token)
    return chosen, _connection(chosen, address, about, token), token


def _default_url(kind: Kind | None) -> str:
    return _GITHUB_URL if kind is Kind.GITHUB else _URL


def _kind_of(address: str) -> Kind:
    """GitHub where the host's name says so, else Jira."""
    host = urlsplit(address).hostname or ""
    return Kind.GITHUB if "github" in host.split(".") or host.endswith(".ghe.com") else Kind.JIRA


def _owner_in(address: str) -> str:
    """The repositories of a GitHub page's owner, which people paste as the address."""
    parts = urlsplit(address)
    owner = parts.path.strip("/").partition("/")[0]
    return f"{owner}/*" if parts.hostname in _GITHUB_SITES and owner else ""


def _api_of(address: str) -> str:
    """The address of the API that belongs to a GitHub's pages."""
    parts = urlsplit(address)
    if parts.hostname in _GITHUB_SITES:
        return _GITHUB_URL
    own = parts.hostname in {"localhost", "127.0.0.1"} or "/api" in parts.path
    if own or (parts.hostname or "").endswith(".ghe.com"):
        return address
    return f"{parts.scheme}://{parts.netloc}/api/v3"


def _connection(kind: Kind, address: str, about: str, token_env: str) -> str:
    """The lines of the connection; `about` is the account's e-mail, or the repositories."""
    secret = f"token_env = {_quoted(token_env)}"
    if kind is Kind.GITHUB:
        wanted = f"containers = [{_quoted(about)}]" if about else _ALL_REPOSITORIES
        url = _quoted(_api_of(address))
        return _GITHUB.substitute(url=url, auth=f"{{ {secret} }}", containers=wanted)
    who = f"email = {_quoted(about)}, " if about else ""
    return _JIRA.substitute(url=_quoted(address), auth=f"{{ {who}{secret} }}")


def _refuse_to_overwrite(file: Path, *, force: bool) -> None:
    if file.exists() and not force:
        raise ConfigError(
            f"{file} is already there.", fix="Overwrite it with --force, or name another file."
        )


def _ask(question: str, given: str | None, default: str, *, yes: bool) -> str:
    if given is not None:
        return given.strip()
    if yes:
        return default
    typer.echo(f"{question} [{default}]: " if default else f"{question}: ", nl=False, err=True)
    answer = sys.stdin.readline()  # not input(): it writes to standard output
    if not answer:
        raise ConfigError(
            "The questions were not answered.", fix="Give --url, --email and --token-env, or --yes."
        )
    return answer.strip() or default


def _address(text: str) -> str:
    """The address of a site, which people also write without `https://`."""
    address = text if "://" in text else f"https://{text}"
    if not _ADDRESS.fullmatch(address):
        raise ConfigError(
            f"{text!r} is not the address of a tracker.", fix=f"Write it like {_URL}."
        )
    return address


def _refuse_pasted_secret(token_env: str) -> None:
    if not _VARIABLE_NAME.fullmatch(token_env):
        raise ConfigError(
            "That is not the name of an environment variable.",
            fix="Give the name of the variable, such as JIRA_TOKEN, and never the token itself.",
        )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if not escaped.isprintable():
        raise ConfigError(f"{text!r} holds characters that do not belong there.")
    return f'"{escaped}"'


def _write(file: Path, content: str) -> None:
    """Write the file only if syncer itself would accept it."""
    from syncer.settings.load import check_text

    check_text(content, file)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
