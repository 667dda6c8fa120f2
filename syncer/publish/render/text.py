"""The digest as plain text: at most 76 columns, no table that a phone's mail would break."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from syncer.publish.digest.model import DecisionNeeded, Digest, Option, RiskLine, StatusRow
from syncer.publish.render import phrases

WIDTH = 76


def render_text(digest: Digest) -> str:
    """The whole edition; every word in it counts towards the budget."""
    blocks = [
        _head(digest),
        _disagreements(digest),
        _decisions(digest),
        _status(digest),
        _words(digest),
        _product(digest),
        _changes(digest),
        _dependencies(digest),
        _risks(digest),
        _gates(digest),
        _trust(digest),
    ]
    return "\n\n".join("\n".join(block) for block in map(list, blocks) if block) + "\n"


def _wrap(text: str, first: str = "", rest: str | None = None) -> list[str]:
    """Wrap, keeping a figure and its unit on one line; a lone long word is broken."""
    lines = textwrap.wrap(
        phrases.glued(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_on_hyphens=False,
    )
    return [line.replace(phrases.NO_BREAK, " ") for line in lines]


def _title(text: str) -> str:
    return text.upper()


def _head(digest: Digest) -> Iterator[str]:
    yield f"Subject: {digest.subject}"
    yield ""
    if digest.correction:
        yield from _wrap(phrases.correction_line(digest))
    for claim in digest.banner:
        yield from _wrap(f"!! {claim.text}")
    if digest.correction or digest.banner:
        yield ""
    yield from _wrap(digest.headline)


def _disagreements(digest: Digest) -> Iterator[str]:
    if digest.disagreements:
        yield _title(phrases.DISAGREEMENT)
    for claim in digest.disagreements:
        yield from _wrap(claim.text, "- ", "  ")


def _decisions(digest: Digest) -> Iterator[str]:
    if not digest.decisions:
        return
    yield _title(phrases.decisions_title(digest))
    for index, decision in enumerate(digest.decisions):
        if index:
            yield ""
        yield from _decision(decision)
    if digest.decisions_more:
        yield phrases.more_decisions(digest)


def _decision(decision: DecisionNeeded) -> Iterator[str]:
    yield from _wrap(decision.question)
    yield from _wrap(phrases.decision_facts(decision))
    for option in decision.options:
        yield from _option(option)
    if decision.recommendation:
        yield from _wrap(decision.recommendation)


def _option(option: Option) -> Iterator[str]:
    effect = f" → {option.effect}" if option.effect else ""
    by = f" {phrases.recommends(option.recommended_by)}" if option.recommended_by else ""
    stop = "." if by or option.effect else ""
    which = f" ({option.listed})" if option.listed else ""
    yield from _wrap(f"{option.letter}: {option.text}{which}{effect}{stop}{by}", "  ", "     ")


def _status(digest: Digest) -> Iterator[str]:
    yield _title("Status")
    for row in phrases.table_rows(digest):
        yield from _row(row)
    for line in digest.status_lines:
        yield from _wrap(line)


def _row(row: StatusRow) -> Iterator[str]:
    """Two short lines a scope: what it is, then its figures."""
    indent = "  " * row.depth
    head = " ".join(
        part for part in (phrases.colour_word(row), row.trend, phrases.last_week(row)) if part
    )
    yield from _wrap(f"{head}  {phrases.row_name(row)}", indent, indent + "  ")
    figures = " | ".join(part for part in (row.chance, row.dates, row.note) if part and part != "–")
    yield from _wrap(figures, indent + "    ")


def _words(digest: Digest) -> Iterator[str]:
    for words in digest.words_of_owners:
        who, quoted = phrases.owner_said(words, digest)
        yield from _wrap(f"{who} {quoted}".strip())


def _changes(digest: Digest) -> Iterator[str]:
    if not digest.changes and not digest.comparison:
        return
    yield _title("What changed")
    if digest.comparison:
        yield from _wrap(digest.comparison)
    for claim in digest.changes:
        yield from _wrap(claim.text, "- ", "  ")


def _product(digest: Digest) -> Iterator[str]:
    if digest.product:
        yield _title(phrases.PRODUCT)
    for claim in digest.product:
        yield from _wrap(claim.text, "- ", "  ")


def _dependencies(digest: Digest) -> Iterator[str]:
    if digest.dependencies:
        yield _title("Who waits for whom")
    for claim in digest.dependencies:
        yield from _wrap(claim.text, "- ", "  ")


def _risks(digest: Digest) -> Iterator[str]:
    if digest.risks:
        yield _title("Top risks")
    for number, risk in enumerate(digest.risks, start=1):
        yield from _wrap(_risk(risk), f"{number}. ", "   ")


def _risk(risk: RiskLine) -> str:
    ask = f" Ask: {risk.ask.rstrip('.')}." if risk.ask else ""
    mark = f"{risk.mark} " if risk.mark else ""
    return f"{mark}{risk.title}, {phrases.risk_facts(risk)} {phrases.risk_owner(risk)}{ask}"


def _gates(digest: Digest) -> Iterator[str]:
    if digest.gates:
        yield _title("Next 4 weeks")
    for gate in digest.gates:
        alarm = " (!)" if gate.low else ""
        text = f"{gate.day}  {gate.name} {gate.chance}{alarm}{phrases.gate_owner(gate)}"
        yield from _wrap(text, "- ", "  ")


def _trust(digest: Digest) -> Iterator[str]:
    details = f" Details: {digest.links.details}" if digest.links.details else ""
    yield "--"
    yield from _wrap(f"{phrases.trust_words(digest)} Wrong? Reply.{details}")
