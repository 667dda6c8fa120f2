"""The digest as Markdown, readable as it stands and contained in every cell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from syncer.publish.digest.model import (
    DecisionNeeded,
    Digest,
    Option,
    RiskLine,
    ShownItem,
    StatusRow,
)
from syncer.publish.render import phrases

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&@^=])")
_ADDRESS = re.compile(r"(?i)\b(https?|ftp)(:)(?=//)|\b(www)(\.)|\b(mailto|xmpp)(:)")
_LINK_UNSAFE = re.compile(r"[^\w\-.~:/?#@!$&*+,;=%]")


def escape(text: str) -> str:
    """The text so that Markdown prints it as it is: no markup, no link, no broken table."""
    return _ADDRESS.sub(_plain_address, _SPECIAL.sub(r"\\\1", text))


def _plain_address(found: re.Match[str]) -> str:
    """A bare address in a title would become a link; its colon or dot is escaped."""
    word = next(part for part in found.groups() if part)
    return f"{word}\\{found.group()[len(word)]}"


def render_markdown(digest: Digest) -> str:
    """The whole edition, with the candidates of a cut below the fold."""
    blocks = (_head, _disagreements, _decisions, _status, _words, _product, _changes)
    rest = (_dependencies, _risks, _gates, _trust, _candidates)
    every = [list(block(digest)) for block in (*blocks, *rest)]
    return "\n\n".join("\n".join(lines) for lines in every if lines) + "\n"


def _head(digest: Digest) -> Iterator[str]:
    yield f"**Subject:** {escape(digest.subject)}"
    yield ""
    if digest.correction:
        yield f"> **{escape(phrases.correction_line(digest))}**"
        yield ""
    for claim in digest.banner:
        yield f"> **{escape(claim.text)}**"
        yield ""
    yield f"**{escape(digest.headline)}**"


def _disagreements(digest: Digest) -> Iterator[str]:
    if digest.disagreements:
        yield f"### {phrases.DISAGREEMENT}"
        yield ""
    yield from (f"- {escape(claim.text)}" for claim in digest.disagreements)


def _decisions(digest: Digest) -> Iterator[str]:
    if not digest.decisions:
        return
    yield f"### {phrases.decisions_title(digest)}"
    for decision in digest.decisions:
        yield from _decision(decision)
    if digest.decisions_more:
        yield ""
        yield phrases.more_decisions(digest)


def _decision(decision: DecisionNeeded) -> Iterator[str]:
    yield ""
    yield f"**{escape(decision.question)}** {escape(phrases.decision_facts(decision))}"
    if decision.options:
        yield ""
    for option in decision.options:
        yield _option(option)
    if decision.recommendation:
        yield ""
        yield f"*{escape(decision.recommendation)}*"


def _option(option: Option) -> str:
    listed = " (list below)" if option.items else ""
    effect = f" → {escape(option.effect)}" if option.effect else ""
    by = f" *{escape(phrases.recommends(option.recommended_by))}*" if option.recommended_by else ""
    return f"- {option.letter}: {escape(option.text)}{listed}{effect}.{by}"


def _status(digest: Digest) -> Iterator[str]:
    yield "### Status"
    rows = phrases.table_rows(digest)
    if rows:
        yield ""
        yield "| | Now (last week) | Chance of target | Likely – safe |"
        yield "|---|---|---|---|"
        yield from (_row(row) for row in rows)
    for line in digest.status_lines:
        yield ""
        yield escape(line)


def _row(row: StatusRow) -> str:
    name = escape(phrases.row_name(row))
    name = f"· {name}" if row.depth else f"**{name}**"
    word = escape(phrases.colour_word(row))
    word = word if row.health.value == "GREEN" else f"**{word}**"
    now = " ".join(part for part in (word, row.trend, phrases.last_week(row)) if part)
    dates = "; ".join(part for part in (row.dates, row.note) if part)
    return f"| {name} | {now} | {escape(row.chance)} | {escape(dates)} |"


def _words(digest: Digest) -> Iterator[str]:
    for words in digest.words_of_owners:
        who, quoted = phrases.owner_said(words, digest)
        yield f"*{escape(f'{who} {quoted}'.strip())}*"
        yield ""


def _changes(digest: Digest) -> Iterator[str]:
    if not digest.changes and not digest.comparison:
        return
    yield "### What changed"
    yield ""
    if digest.comparison:
        yield f"- *{escape(digest.comparison)}*"
    yield from (f"- {escape(claim.text)}" for claim in digest.changes)


def _product(digest: Digest) -> Iterator[str]:
    if digest.product:
        yield f"### {phrases.PRODUCT}"
        yield ""
    yield from (f"- {escape(claim.text)}" for claim in digest.product)


def _dependencies(digest: Digest) -> Iterator[str]:
    if digest.dependencies:
        yield "### Who waits for whom"
        yield ""
    yield from (f"- {escape(claim.text)}" for claim in digest.dependencies)


def _risks(digest: Digest) -> Iterator[str]:
    if digest.risks:
        yield "### Top risks"
        yield ""
    yield from (f"{number}. {_risk(risk)}" for number, risk in enumerate(digest.risks, start=1))


def _risk(risk: RiskLine) -> str:
    mark = f"{risk.mark} " if risk.mark else ""
    ask = f" *Ask: {escape(risk.ask.rstrip('.'))}.*" if risk.ask else ""
    facts = f"{escape(phrases.risk_facts(risk))} {escape(phrases.risk_owner(risk))}"
    return f"**{mark}{escape(risk.title)}**, {facts}{ask}"


def _gates(digest: Digest) -> Iterator[str]:
    if not digest.gates:
        return
    yield "### Next 4 weeks"
    yield ""
    for gate in digest.gates:
        chance = escape(gate.chance)
        shown = f"**{chance}**" if gate.low else chance
        owner = escape(phrases.gate_owner(gate))
        yield f"- {gate.day} {escape(gate.name)} {shown}{owner}"


def _trust(digest: Digest) -> Iterator[str]:
    links = (("Details", digest.links.details), ("Evidence", digest.links.evidence))
    shown = "".join(f" [{name}]({url})" for name, url in links if url)
    yield f"*{escape(phrases.trust_words(digest))}*{shown} *Wrong? Reply.*"


def _candidates(digest: Digest) -> Iterator[str]:
    """The items that a cut may take, so that nobody has to ask which."""
    lists = [(d, o) for d in digest.decisions for o in d.options if o.items]
    if lists:
        yield "---"
    for decision, option in lists:
        yield ""
        yield f"**{escape(decision.question)} {option.letter}: {escape(option.text)}**"
        yield ""
        yield from (f"- {_item(item)}" for item in option.items)


def _item(item: ShownItem) -> str:
    if not item.key:
        return escape(item.label)
    url = _LINK_UNSAFE.sub("", item.url)
    key = escape(item.key)
    return f"{f'[{key}](<{url}>)' if url else key} {escape(item.label)}"
