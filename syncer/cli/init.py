"""`syncer init`: three questions, one commented file."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from string import Template
from typing import Annotated, Final, NamedTuple

import typer

from syncer.cli.context import options
from syncer.cli.first_connection import OFFERS, Kind, kind_of, lines_of, quoted
from syncer.errors import ConfigError

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


_Containers = Annotated[
    str | None,
    typer.Option(
        "--containers",
        metavar="GLOB",
        help="What to sync: repositories (acme/*), projects or teams, as the tracker calls them.",
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
    example, connection, token = _asked(_Given(url, kind, containers, email, token_env), yes=yes)
    text = _FILE.substitute(
        timezone=quoted(timezone), connection=connection, example=quoted(example)
    )
    _write(file, text)
    typer.echo(f"Wrote {file}.")
    typer.echo(f"Next: export {token}=...; syncer check; syncer sync; syncer digest", err=True)


class _Given(NamedTuple):
    """What was said on the command line; None is asked."""

    url: str | None
    kind: Kind | None
    containers: str | None
    email: str | None
    token_env: str | None


def _asked(given: _Given, *, yes: bool) -> tuple[str, str, str]:
    """An example of items, the lines of the connection, the variable of the token."""
    default = OFFERS[given.kind or Kind.JIRA].url
    address = _address(_ask("Address of your tracker", given.url, default, yes=yes))
    offer = OFFERS[given.kind or kind_of(address)]
    said = given.email if offer.kind is Kind.JIRA else given.containers
    about = _ask(offer.question, said, offer.answer(address), yes=yes)
    token = _ask(
        "Environment variable that holds the token", given.token_env, offer.variable, yes=yes
    )
    _refuse_pasted_secret(token)
    lines = lines_of(offer, address, about=about, token_env=token)
    return offer.example_at(address), lines, token


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
            f"{text!r} is not the address of a tracker.",
            fix=f"Write it like {OFFERS[Kind.JIRA].url}.",
        )
    return address


def _refuse_pasted_secret(token_env: str) -> None:
    if not _VARIABLE_NAME.fullmatch(token_env):
        raise ConfigError(
            "That is not the name of an environment variable.",
            fix="Give the name of the variable, such as JIRA_TOKEN, and never the token itself.",
        )


def _write(file: Path, content: str) -> None:
    """Write the file only if syncer itself would accept it."""
    from syncer.settings.load import check_text

    check_text(content, file)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
