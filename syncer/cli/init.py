"""`syncer init`: three questions, one commented file."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from string import Template
from typing import Annotated, Final

import typer

from syncer.cli.context import options
from syncer.errors import ConfigError

_URL: Final = "https://your-company.atlassian.net"
_VARIABLE: Final = "JIRA_TOKEN"
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
name = "jira"
kind = "jira"                           # Jira Cloud or Data Center: found out by itself
url = $url
auth = $auth
# containers = ["NET", "OUT*"]          # the Jira projects to sync; left out: all that it sees

# Every container is a project of its own until you say otherwise:
#
# [[projects]]
# key = "network"
# name = "Network upgrade"
# owner = "M. Okafor"
# items = ["jira:NET"]                  # or { label = "prog:*" }, { under = "jira:NET-1" }, ...
# target = 2027-03-19                   # or { from = "jira:NET-1", field = "due" }
# criticality = "must"
# cost_of_delay_per_week = 120000
#
# [[programs]]
# key = "5g"
# name = "5G Infrastructure"
# owner = "J. Roth"
# projects = ["network"]

# Who reads the digest. Without an audience it is only printed.
#
# [[audiences]]
# key = "leadership"
# name = "Senior management"
# channels = [{ kind = "file", path = "digests/" }]
""")


def init(
    ctx: typer.Context,
    url: Annotated[
        str | None, typer.Option("--url", help="The address of your Jira.", show_default=False)
    ] = None,
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
    answers = (
        _address(_ask("Address of your Jira", url, _URL, yes=yes)),
        _ask("E-mail of the account", email, "", yes=yes),
        _ask("Environment variable that holds the token", token_env, _VARIABLE, yes=yes),
    )
    _write(file, _content(*answers, timezone=timezone))
    typer.echo(f"Wrote {file}.")
    typer.echo(f"Next: export {answers[2]}=...; syncer check; syncer sync; syncer digest", err=True)


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
            f"{text!r} is not the address of a Jira site.", fix=f"Write it like {_URL}."
        )
    return address


def _content(url: str, email: str, token_env: str, *, timezone: str) -> str:
    _refuse_pasted_secret(token_env)
    who = f"email = {_quoted(email)}, " if email else ""
    return _FILE.substitute(
        url=_quoted(url),
        auth=f"{{ {who}token_env = {_quoted(token_env)} }}",
        timezone=_quoted(timezone),
    )


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
