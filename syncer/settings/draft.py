"""A discovery as a configuration file that a person edits: tables, each with what it rests on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from glob import escape

from syncer.domain.selector import Selector, Under, WithLabel
from syncer.rollup.discovery import (
    Discovery,
    GateDraft,
    ProductDraft,
    ProgramDraft,
    TeamDraft,
)

_SHOWN = 8


def draft_text(found: Discovery) -> str:
    """The draft, ready to be included by `syncer.toml`."""
    return "\n".join([*_head(found), *_tables(found)]) + "\n"


def _head(found: Discovery) -> Iterator[str]:
    yield "# A draft by `syncer discover`: keep what is right, change what is not, delete the rest."
    yield '# Include it with include = ["programs/*.toml"]; `syncer plan` shows what it would do.'
    if found.alone:
        yield f"# {len(found.alone)} containers stay projects of their own: {_listed(found.alone)}."
    yield ""


def _tables(found: Discovery) -> Iterator[str]:
    for program in found.programs:
        yield from _program(program)
    for product in found.products:
        yield from _product(product)
    for team in found.teams:
        yield from _team(team)
    for gate in found.gates:
        yield from _gate(gate)
    if found.later_gates:
        yield f"# {found.later_gates} versions due later than in twelve weeks are left out."
    yield from _people(found.programs)


def _program(draft: ProgramDraft) -> Iterator[str]:
    yield f"# {len(draft.items)} items in {len(draft.containers)} containers: " + _listed(
        draft.containers
    )
    yield "[[programs]]"
    yield f"key = {_quoted(draft.key)}"
    yield f"name = {_quoted(draft.name)}"
    if draft.owner is not None:
        yield f"owner = {_quoted(draft.owner.name)}"
    yield f"items = [{_selector(draft.selector)}]"
    yield 'split = "container"'
    yield ""


def _product(draft: ProductDraft) -> Iterator[str]:
    yield f"# Customers asked for {draft.asked} of its {draft.items} items."
    yield "[[products]]"
    yield f"key = {_quoted(draft.key)}"
    yield f"name = {_quoted(draft.name)}"
    yield f"projects = [{_quoted(draft.container)}]"
    yield f"customers = {{ labels = [{', '.join(map(_quoted, draft.labels))}] }}"
    yield ""


def _team(draft: TeamDraft) -> Iterator[str]:
    yield f"# {draft.items} items bear this label."
    yield "[[teams]]"
    yield f"key = {_quoted(draft.key)}"
    yield f"name = {_quoted(draft.name)}"
    yield f"items = [{_selector(WithLabel(draft.label))}]"
    yield ""


def _gate(draft: GateDraft) -> Iterator[str]:
    scope = f"prog:{draft.program}" if draft.program else f"proj:{draft.container}"
    yield f"# {draft.items} open items of {_comment(draft.container)}."
    yield "[[gates]]"
    yield f"scope = {_quoted(scope)}"
    yield f"name = {_quoted(draft.name)}"
    yield f"date = {draft.on.isoformat()}"
    if escape(draft.name) == draft.name and "/" not in draft.name:
        yield f"items = [{{ version = {_quoted(f'{draft.container}/{draft.name}')} }}]"
    yield ""


def _people(programs: Iterable[ProgramDraft]) -> Iterator[str]:
    """The owners, so that mail to `{owner}` finds them."""
    owners = {one.owner.name: one.owner for one in programs if one.owner is not None}
    for name, account in sorted(owners.items()):
        yield "[[people]]"
        yield f"name = {_quoted(name)}"
        yield '# email = "…"                           # for mail to {owner}'
        yield f"accounts = [{_quoted(f'{account.connection}:{account.id}')}]"
        yield ""


def _selector(selector: Selector) -> str:
    match selector:
        case Under(root):
            return f"{{ under = {_quoted(root)} }}"
        case WithLabel(label):
            return f"{{ label = {_quoted(label)} }}"
        case _:
            raise ValueError("a draft selects by tree or label only")


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return _comment(", ".join(names[:_SHOWN])) + more


def _comment(text: str) -> str:
    """Text from a tracker inside a comment: on one line, whatever it holds."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _quoted(text: str) -> str:
    """A basic string of TOML; JSON's escapes are the same, but for the delete character."""
    return json.dumps(_comment(text), ensure_ascii=False).replace("\x7f", "?")
