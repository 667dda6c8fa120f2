"""A discovery as a configuration file that a person edits: tables, each with what it rests on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from glob import escape

from syncer.domain.selector import Selector, Under, WithLabel
from syncer.rollup.discovery.drafts import (
    AreaDraft,
    Discovery,
    FamilyDraft,
    GateDraft,
    ProductDraft,
    ProgramDraft,
    TeamDraft,
)

_SHOWN = 6


def draft_text(found: Discovery) -> str:
    """The draft, ready to be included by `syncer.toml`."""
    return "\n".join([*_head(found), *_tables(found), *_hints(found)]) + "\n"


def _head(found: Discovery) -> Iterator[str]:
    yield "# A draft by `syncer discover`: keep what is right, change what is not, delete the rest."
    yield '# Include it with include = ["programs/*.toml"]; `syncer plan` shows what it would do.'
    if found.alone:
        each = "its own, a project" if len(found.alone) == 1 else "their own, a project each"
        yield f"# {_containers(found.alone)} on {each}: {_listed(found.alone)}."
    yield ""


def _tables(found: Discovery) -> Iterator[str]:
    for program in found.programs:
        yield from _program(program)
    for product in found.products:
        yield from _product(product)
    for family in found.families:
        yield from _family(family)
    for area in found.areas:
        yield from _area(area)
    for team in found.teams:
        yield from _team(team)
    for gate in found.gates:
        yield from _gate(gate)
    yield from _people(found.people)


def _hints(found: Discovery) -> Iterator[str]:
    """What a person may want to say, as comments."""
    if found.later_gates:
        yield f"# {found.later_gates} versions due later than in twelve weeks are left out."
    if found.empty:
        yield f"# {_containers(found.empty)} without a live item: {_listed(found.empty)}."
    if found.idle:
        yield f"# Perhaps to be left out, by `exclude` in [[connections]]: {_listed(found.idle)}."
    if found.targets:
        yield "# Projects of their own with a single dated release, which may be their target:"
        for container, version in found.targets[:_SHOWN]:
            target = f"{{ version = {_version(container, version)} }}"
            yield f"#   {_comment(container)}: target = {target}"
        yield from _more(len(found.targets) - _SHOWN)
    if not found.audiences:
        yield "# Who reads the digest:"
        yield "# [[audiences]]"
        yield '# key = "leadership"'
        yield '# channels = [{ kind = "file", path = "digests/" }]'


def _more(count: int) -> Iterator[str]:
    if count > 0:
        yield f"#   and {count} more."


def _program(draft: ProgramDraft) -> Iterator[str]:
    yield f"# {_items(len(draft.items))} in {_containers(draft.containers)}: " + _listed(
        draft.containers
    )
    yield "[[programs]]"
    yield f"key = {_quoted(draft.key)}"
    yield f"name = {_quoted(draft.name)}"
    if draft.owner is not None and draft.owner.name:
        yield f"owner = {_quoted(draft.owner.name)}"
    if draft.due is not None:
        yield f"target = {draft.due.isoformat()}                     # when its initiative is due"
    yield f"items = [{_selectors(draft.selectors)}]"
    yield 'split = "container"'
    yield ""


def _product(draft: ProductDraft) -> Iterator[str]:
    yield f"# Customers asked for {draft.asked} of {_items(draft.items)} in " + _where(
        draft.containers
    )
    named = draft.containers != (draft.pattern,) or bool(draft.excluding)
    if named:
        yield from _project(draft, kind="product")
    yield "[[products]]"
    yield f"key = {_quoted(draft.key)}"
    yield f"name = {_quoted(draft.name)}"
    yield f"projects = [{_quoted(draft.key if named else draft.pattern)}]"
    yield f"customers = {{ labels = [{', '.join(map(_quoted, draft.labels))}] }}"
    yield ""


def _family(draft: FamilyDraft) -> Iterator[str]:
    yield f"# {_items(draft.items)} in {_where(draft.containers)}"
    yield from _project(draft)
    yield ""


def _project(draft: ProductDraft | FamilyDraft, *, kind: str = "") -> Iterator[str]:
    yield "[[projects]]"
    yield f"key = {_quoted(draft.key)}"
    yield f"name = {_quoted(draft.name)}"
    if kind:
        yield f"kind = {_quoted(kind)}"
    yield f"items = [{_quoted(draft.pattern)}]"
    if draft.excluding:
        yield f"except = [{_selectors(draft.excluding)}]    # work of programs"


def _area(draft: AreaDraft) -> Iterator[str]:
    yield f"# {_items(draft.items)} of {_comment(draft.container)} in this area and below."
    yield "[[projects]]"
    yield f"key = {_quoted(draft.key)}"
    yield f"name = {_quoted(draft.name)}"
    yield f"items = [{{ area = {_quoted(draft.pattern)} }}]"
    yield ""


def _team(draft: TeamDraft) -> Iterator[str]:
    yield f"# {_items(draft.items)} with this label."
    yield "[[teams]]"
    yield f"key = {_quoted(draft.key)}"
    yield f"name = {_quoted(draft.name)}"
    yield f"items = [{_selectors([WithLabel(label) for label in draft.labels])}]"
    yield ""


def _gate(draft: GateDraft) -> Iterator[str]:
    yield f"# {draft.items} open items of {_listed(draft.containers)}."
    yield "[[gates]]"
    yield f"scope = {_quoted(draft.scope)}"
    yield f"name = {_quoted(draft.name)}"
    yield f"date = {draft.on.isoformat()}"
    if escape(draft.name) == draft.name and "/" not in draft.name:
        versions = (f"{{ version = {_version(one, draft.name)} }}" for one in draft.patterns)
        yield f"items = [{', '.join(versions)}]"
    yield ""


def _version(container: str, name: str) -> str:
    return _quoted(f"{container}/{name}")


def _people(people: Sequence[tuple[str, Sequence[str]]]) -> Iterator[str]:
    """The owners, so that mail to `{owner}` finds them."""
    if people:
        yield '# Give each an email = "…", for mail to {owner}.'
    for name, accounts in people:
        yield "[[people]]"
        yield f"name = {_quoted(name)}"
        yield f"accounts = [{', '.join(map(_quoted, accounts))}]"
    if people:
        yield ""


def _selectors(selectors: Iterable[Selector]) -> str:
    return ", ".join(map(_selector, selectors))


def _selector(selector: Selector) -> str:
    match selector:
        case Under(root):
            return f"{{ under = {_quoted(root)} }}"
        case WithLabel(label):
            return f"{{ label = {_quoted(label)} }}"
        case _:
            raise ValueError("a draft selects by tree or label only")


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"


def _containers(names: Sequence[str]) -> str:
    return "1 container" if len(names) == 1 else f"{len(names)} containers"


def _where(names: tuple[str, ...]) -> str:
    return f"{_containers(names)}: {_listed(names)}"


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return _comment(", ".join(names[:_SHOWN])) + more


def _comment(text: str) -> str:
    """Text from a tracker inside a comment: on one line, whatever it holds."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _quoted(text: str) -> str:
    """A basic string of TOML; JSON's escapes are the same, but for the delete character."""
    return json.dumps(_comment(text), ensure_ascii=False).replace("\x7f", "?")
