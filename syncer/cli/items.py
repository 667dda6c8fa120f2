"""`syncer items`: the work items, for people, programs and spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syncer.cli.context import run

if TYPE_CHECKING:
    from syncer.domain.item import WorkItem
    from syncer.domain.verdict import Verdict
    from syncer.service.core import Service

_TABLE = ("Key", "Type", "Status", "Due", "Level", "Project", "Assignee", "Title")


class Format(StrEnum):
    """How to print."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Stock:
    """The chosen items, and what tells more about them."""

    items: Sequence[WorkItem]
    by_uid: Mapping[str, WorkItem]
    projects: Mapping[str, str]
    verdicts: Mapping[str, Verdict]

    def rows(self) -> Iterator[dict[str, Any]]:
        """The items in the machine's form."""
        from syncer.cli.machine import item_row

        for item in self.items:
            yield item_row(
                item,
                project=self.projects.get(item.uid),
                parent=self.by_uid.get(item.parent.uid) if item.parent else None,
                verdict=self.verdicts.get(item.uid),
            )


def items(
    ctx: typer.Context,
    every: Annotated[
        bool, typer.Option("--all", help="Also deleted, moved and hidden items.")
    ] = False,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select",
            metavar="S",
            help="Only these: a selector such as jira:NET; may be repeated.",
        ),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
) -> None:
    """List the work items that are stored."""
    from syncer.cli.output import tell, write_csv, write_json_lines, write_table

    stock = run(ctx, lambda service: stock_of(service, every=every, selectors=select or []))
    if form is Format.JSONL:
        write_json_lines(stock.rows())
    elif form is Format.CSV:
        rows = [_flat(row) for row in stock.rows()]
        write_csv(_CSV, rows)
    else:
        write_table(_TABLE, (_for_people(row) for row in stock.rows()))
    if not stock.items:
        tell("No item is stored." if not select else "No stored item is selected.")


async def stock_of(service: Service, *, every: bool, selectors: Sequence[str]) -> Stock:
    """The items that the selectors pick (all without any), in the order of their keys."""
    from syncer.domain.addresses import with_known_ends
    from syncer.domain.homes import by_key, homes
    from syncer.domain.selector import select
    from syncer.store.items import LIVE, load_items
    from syncer.store.verdicts import load_verdicts

    picked = [known_selector(text, service) for text in selectors]
    async with service.store.read() as session:
        found = with_known_ends(await load_items(session, states=None if every else LIVE))
        verdicts = await load_verdicts(session)
    by_uid = {item.uid: item for item in found}
    chosen = select(picked, found, by_uid) if picked else found
    chosen.sort(key=by_key)
    projects = homes(await service.portfolio(), found)
    return Stock(items=chosen, by_uid=by_uid, projects=projects, verdicts=verdicts)


def parsed_selector(text: str) -> Any:  # noqa: ANN401  one of the selectors
    """A selector as in the configuration: a bare container, or an inline table."""
    import tomllib

    from syncer.errors import ConfigError
    from syncer.settings.selectors import parse_selector

    try:
        is_table = text.lstrip().startswith("{")
        return parse_selector(tomllib.loads(f"selector = {text}")["selector"] if is_table else text)
    except tomllib.TOMLDecodeError:
        raise ConfigError(
            f"--select {text!r} cannot be read.",
            fix="Write it like jira:NET or '{ label = \"5g\" }', quotes included.",
        ) from None
    except ValueError as error:
        raise ConfigError(f"--select {text!r}: {str(error).rstrip('.?')}.") from None


def known_selector(text: str, service: Service) -> Any:  # noqa: ANN401  one of the selectors
    """The selector; `NotFound` where it names a connection that is not configured."""
    from fnmatch import fnmatchcase

    from syncer.errors import NotFound
    from syncer.settings.faults import nearest_or_all
    from syncer.settings.selectors import connection_of

    selector = parsed_selector(text)
    wanted = connection_of(selector)
    names = [connection.name for connection in service.settings.connections]
    if wanted is not None and not any(fnmatchcase(name, wanted) for name in names):
        raise NotFound(
            f"--select {text!r}: there is no connection {wanted!r}. {nearest_or_all(wanted, names)}"
        )
    return selector


def _for_people(row: Mapping[str, Any]) -> tuple[object, ...]:
    verdict = row["classification"] or {}
    return (
        row["key"],
        row["type"],
        row["status"],
        row["due_date"],
        verdict.get("level"),
        row["project"],
        ", ".join(row["assignees"]),
        row["title"],
    )


_CSV = (
    "connection", "id", "key", "url", "container", "project", "type", "kind", "hierarchy_level",
    "title", "status", "status_category", "backlog", "resolution", "priority", "labels",
    "components", "fix_versions", "assignees", "reporter", "parent", "links", "created_at",
    "updated_at", "started_at", "done_at", "start_date", "due_date", "estimate", "state", "level",
    "leaning", "confidence", "decided_by", "body",
)  # fmt: skip


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    verdict = row["classification"] or {}
    links = (f"{link['kind']} {link['to']['key'] or link['to']['id']}" for link in row["links"])
    flat = {key: verdict.get(key) for key in ("level", "leaning", "confidence", "decided_by")}
    parent = row["parent"] and (row["parent"]["key"] or row["parent"]["id"])
    return {**row, **row["ref"], **flat, "parent": parent, "links": list(links)}
