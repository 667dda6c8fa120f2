"""`syncer digest`: compose editions, print them, send them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import author_or_user, run
from syncer.cli.status import AsOf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncer.publish.editions import Draft
    from syncer.service.core import Service
    from syncer.service.publishing import Sent
    from syncer.store.dispatches import Dispatch


class Format(StrEnum):
    """The forms of an edition."""

    MARKDOWN = "md"
    HTML = "html"
    TEXT = "text"
    JSON = "json"


def digest(
    ctx: typer.Context,
    audience: Annotated[
        str, typer.Option("--audience", metavar="KEY", help="For whom.", show_default=False)
    ] = "",
    as_of: AsOf = "",
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TEXT,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            metavar="PATH",
            help="Write to a file, or into a folder (with / at its end).",
            show_default=False,
        ),
    ] = "",
    preview: Annotated[
        bool, typer.Option("--preview", help="Say which edition it would be, and keep nothing.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what differs from the last edition sent.")
    ] = False,
    send: Annotated[bool, typer.Option("--send", help="Publish through the channels.")] = False,
    correction: Annotated[
        str,
        typer.Option("--correction", metavar="REASON", help="With --send: a new version, and why."),
    ] = "",
    author: Annotated[str, typer.Option("--author", help="Who sends; left out: you.")] = "",
) -> None:
    """Print the digest. Without --send nothing is published.

    With --send the edition goes to every recipient at once; ends with 1 where one has not got it.
    """
    _refuse_contradictions(send=send, preview=preview, correction=correction)
    who = author_or_user(author) if send else ""

    async def job(service: Service) -> tuple[list[Draft], list[str], list[Sent]]:
        drafts = await drafts_of(service, audience, as_of=as_of, correction=correction)
        differences = [await difference(service, one) for one in drafts] if diff else []
        sent = await _send(service, drafts, author=who) if send else []
        return drafts, differences, sent

    drafts, differences, sent = run(ctx, job)
    if preview:
        _tell_preview(drafts)
    _write(differences or [_rendered(one, form) for one in drafts], drafts, form=form, out=out)
    for one in sent:
        _tell_sent(one)
    if not all(one.complete for one in sent):
        raise typer.Exit(1)


async def _send(service: Service, drafts: Sequence[Draft], *, author: str) -> list[Sent]:
    import os
    import socket

    from syncer.service.publishing import Publisher

    owner = f"digest {socket.gethostname()} (pid {os.getpid()})"
    return await Publisher(service, owner=owner).send(drafts, author=author)


def _refuse_contradictions(*, send: bool, preview: bool, correction: str) -> None:
    from syncer.errors import ConfigError

    if send and preview:
        raise ConfigError("--send and --preview contradict each other.", fix="Take one of them.")
    if correction and not send:
        raise ConfigError("--correction is for --send.", fix="Add --send, or leave it out.")


async def drafts_of(service: Service, audience: str, *, as_of: str, correction: str) -> list[Draft]:
    """The editions of an audience; a family such as `for_each` makes several."""
    from syncer.cli.moments import parse_moment

    drafts, loaded = [], await service.load()
    for one in await service.audiences(audience, ground=loaded.ground):
        instant = parse_moment(as_of, one.view.timezone)
        drafts.append(await service.draft(one, as_of=instant, correction=correction, loaded=loaded))
    return drafts


async def difference(service: Service, one: Draft) -> str:
    """The unified diff from the last edition sent to the audience, in its text form."""
    from syncer.publish.render.diff import diff_rendered
    from syncer.publish.render.text import render_text
    from syncer.store.editions import latest_edition

    async with service.store.read() as session:
        last = await latest_edition(session, one.digest.audience)
    before = last.contents.get("txt", "") if last else ""
    name = f"{last.edition} v{last.version}" if last else "no edition yet"
    return diff_rendered(before, render_text(one.digest), before=name, after="now")


def _rendered(one: Draft, form: Format) -> str:
    from syncer.publish.render.formats import RENDERERS

    return RENDERERS["txt" if form is Format.TEXT else form.value](one.digest)


def _write(texts: Sequence[str], drafts: Sequence[Draft], *, form: Format, out: str) -> None:
    """To standard output; to a file where one text is there; else into a folder, one file each."""
    from syncer.cli.output import tell, write_text
    from syncer.publish.channels.file import stem

    if not out:
        write_text("\n".join(texts))
        return
    ending = "txt" if form is Format.TEXT else form.value
    folder = len(texts) > 1 or out.endswith("/") or Path(out).is_dir()
    for text, one in zip(texts, drafts, strict=True):
        path = Path(out, f"{stem(one.digest)}.{ending}") if folder else Path(out)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        tell(f"Wrote {path}.")


def _tell_preview(drafts: Sequence[Draft]) -> None:
    from syncer.cli.output import tell

    for one in drafts:
        state = f"sent as version {one.published.version}" if one.published else "not sent yet"
        tell(f"Preview of {one.digest.edition} for {one.digest.audience}: {state}.")


def _tell_sent(one: Sent) -> None:
    from syncer.cli.output import tell

    version = f" (version {one.digest.version})" if one.digest.version > 1 else ""
    tell(f"Published {one.digest.edition} for {one.digest.audience}{version}:")
    for path in one.files:
        tell(f"  {path}")
    for dispatch in one.dispatches:
        for line in _outcome(dispatch):
            tell(f"  {line}")


def _outcome(one: Dispatch) -> Iterator[str]:
    """What became of one recipient; folders that have their files are told by the files."""
    from syncer.cli.output import printable
    from syncer.publish.recipients import FILE

    if one.state != "sent":
        yield printable(f"{one.channel} {one.recipient}: {one.state}: {one.error}".rstrip(": "))
    elif one.channel != FILE:
        yield f"{one.channel} {one.recipient}: sent"
