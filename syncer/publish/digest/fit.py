"""The word budget: what is worth least goes first, a Red or a decision never."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from syncer.domain.evidence import Backing
from syncer.domain.health import Health
from syncer.publish.digest.context import Context, severity
from syncer.publish.digest.figures import named
from syncer.publish.digest.model import Digest, OwnerWords, Place, RiskLine, StatusRow
from syncer.publish.digest.status import placed, status_lines
from syncer.publish.digest.wording import count_words, first_words, listed
from syncer.publish.render.text import render_text
from syncer.rollup.tolerance import below

BUDGET = 350
_UNDER: Final = {Health.RED: 0.50, Health.AMBER: 0.85}
"""Below which chance a colour is the chance's own (roll-up spec, section 3.2: R2 and A1)."""

Step = Callable[[Digest, Context], Digest]


def fit(digest: Digest, context: Context) -> Digest:
    """The digest with its words counted, shortened step by step until it keeps the budget.

    Each step is taken as often as it still changes something before the next one begins.
    """
    words = _words(digest)
    for step in _STEPS:
        while words > BUDGET:
            shorter = step(digest, context)
            if shorter == digest:
                break
            digest, words = shorter, _words(shorter)
    return replace(digest, word_count=words)


def _words(digest: Digest) -> int:
    return count_words(render_text(digest))


def _without_since(digest: Digest, _context: Context) -> Digest:
    return replace(digest, risks=tuple(replace(risk, since="") for risk in digest.risks))


def _without_lists(digest: Digest, _context: Context) -> Digest:
    """Candidates stay in the other formats; the text form only counts them."""
    decisions = tuple(
        replace(decision, options=tuple(replace(o, listed="") for o in decision.options))
        for decision in digest.decisions
    )
    return replace(digest, decisions=decisions)


def _fewer_gates(digest: Digest, least: int) -> Digest:
    """Leave off the most certain gate."""
    if len(digest.gates) <= least:
        return digest
    surest = max(digest.gates, key=_certainty)
    return replace(digest, gates=tuple(gate for gate in digest.gates if gate is not surest))


def _certainty(gate: object) -> float:
    probability = getattr(gate, "probability", None)
    return -1.0 if probability is None else float(probability)


def _silences_in_one_line(digest: Digest, _context: Context) -> Digest:
    """Several owners without a word share one sentence."""
    silent = [words for words in digest.words_of_owners if words.silence]
    if len(silent) < 2:  # noqa: PLR2004 - one is short already
        return digest
    names = listed([words.author or words.name for words in silent])
    merged = replace(
        silent[0],
        scope="",
        name="",
        author="",
        silence=f"no fresh word from {names}",
        evidence=Backing(*(piece for words in silent for piece in words.evidence)),
    )
    spoken = [words for words in digest.words_of_owners if not words.silence]
    return replace(digest, words_of_owners=(*spoken, merged))


def _fewer_words(digest: Digest, _context: Context) -> Digest:
    """The owner of the least bad program is left off first, silences before sentences."""
    ranked = sorted(digest.words_of_owners, key=_has_text)
    if not ranked:
        return digest
    last = next((w for w in ranked if w.silence), digest.words_of_owners[-1])
    return replace(
        digest, words_of_owners=tuple(w for w in digest.words_of_owners if w is not last)
    )


def _has_text(words: OwnerWords) -> bool:
    return bool(words.text)


def _shorter_words(digest: Digest, _context: Context) -> Digest:
    shorter = tuple(replace(w, text=first_words(w.text, 15)) for w in digest.words_of_owners)
    return replace(digest, words_of_owners=shorter)


def _told_by_chance(row: StatusRow) -> bool:
    """Whether the row explains its colour without a note: by its chance, or by being calm.

    What another rule darkened, or a person shows, is not to be seen in chance and dates.
    """
    if row.health is not row.computed:
        return False
    if row.health not in _UNDER:
        return severity(row.health) == 0
    return row.probability is not None and below(row.probability, _UNDER[row.health])


def _plain_rows(digest: Digest, _context: Context) -> Digest:
    """Notes go from all rows but the Red ones and those that would lose their reason."""
    rows = tuple(
        replace(row, note="") if row.health is not Health.RED and _told_by_chance(row) else row
        for row in digest.status
    )
    return replace(digest, status=rows)


def _shorter_notes(digest: Digest, _context: Context) -> Digest:
    """Reasons keep their first words."""
    rows = tuple(replace(row, note=first_words(row.note, 8)) for row in digest.status)
    return replace(digest, status=rows)


def _plain_red_rows(digest: Digest, _context: Context) -> Digest:
    """Only reasons that nothing else in their row tells are left."""
    rows = tuple(replace(row, note="") if _told_by_chance(row) else row for row in digest.status)
    return replace(digest, status=rows)


def _fewer_rows(digest: Digest, context: Context) -> Digest:
    """One row less; it stays by name in a line, and a Red stays a row."""
    rows = sum(row.place is Place.ROW for row in digest.status)
    return _with_rows(digest, placed(digest.status, rows - 1), context) if rows else digest


def _all_in_lines(digest: Digest, context: Context) -> Digest:
    """So many are Red that rows cannot hold them: every one of them by name."""
    rows = tuple(replace(row, place=Place.LINE) for row in digest.status)
    return _with_rows(digest, rows, context)


def _with_rows(digest: Digest, rows: Sequence[StatusRow], context: Context) -> Digest:
    return replace(digest, status=tuple(rows), status_lines=status_lines(rows, context))


def _counts_only(digest: Digest, _context: Context) -> Digest:
    """Names of what is not Red go; the distribution still counts them."""
    others = tuple(f"{named(h).capitalize()}: " for h in Health if h is not Health.RED)
    kept = [line for line in digest.status_lines if not line.startswith(others)]
    return replace(digest, status_lines=tuple(kept))


def _shorter_risks(digest: Digest, _context: Context) -> Digest:
    return replace(digest, risks=tuple(_shorter_risk(risk) for risk in digest.risks))


def _shorter_risk(risk: RiskLine) -> RiskLine:
    return replace(
        risk,
        title=first_words(risk.title, 8),
        next_step=first_words(risk.next_step, 6),
        ask=first_words(risk.ask, 6),
    )


def _shorter_trust(digest: Digest, _context: Context) -> Digest:
    """Long reasons in the trust line are cut; every claim of it stays."""
    claims = tuple(replace(claim, text=first_words(claim.text, 10)) for claim in digest.trust)
    return replace(digest, trust=claims)


def _shorter_decisions(digest: Digest, _context: Context) -> Digest:
    """No decision and no option goes, but long wordings of them do."""
    decisions = tuple(
        replace(
            decision,
            question=first_words(decision.question, 12),
            recommendation=first_words(decision.recommendation, 10),
            options=tuple(
                replace(o, text=first_words(o.text, 7), effect=first_words(o.effect, 8))
                for o in decision.options
            ),
        )
        for decision in digest.decisions
    )
    return replace(digest, decisions=decisions)


def _last_off(block: str, least: int) -> Step:
    """A step that leaves off the last entry of a block, as they are ranked."""

    def step(digest: Digest, _context: Context) -> Digest:
        entries = getattr(digest, block)
        if len(entries) <= least:
            return digest
        return replace(digest, **{block: entries[:-1]})

    return step


def _gates_down_to(least: int) -> Step:
    return lambda digest, _context: _fewer_gates(digest, least)


_STEPS: tuple[Step, ...] = (
    _without_since,
    _without_lists,
    _silences_in_one_line,
    _gates_down_to(4),
    _last_off("changes", 4),
    _last_off("dependencies", 3),
    _last_off("product", 4),
    _last_off("risks", 4),
    _shorter_words,
    _last_off("disagreements", 2),
    _gates_down_to(3),
    _last_off("changes", 3),
    _last_off("risks", 3),
    _shorter_risks,
    _plain_rows,
    _fewer_words,
    _shorter_notes,
    _last_off("dependencies", 1),
    _last_off("product", 2),
    _last_off("risks", 2),
    _last_off("changes", 2),
    _gates_down_to(2),
    _plain_red_rows,
    _fewer_rows,
    _last_off("changes", 1),
    _last_off("disagreements", 1),
    _last_off("risks", 1),
    _gates_down_to(1),
    _shorter_trust,
    _shorter_decisions,
    _last_off("changes", 0),
    _last_off("dependencies", 0),
    _last_off("product", 0),
    _last_off("risks", 0),
    _gates_down_to(0),
    _counts_only,
    _all_in_lines,
    _counts_only,
)
"""In order of least value: the earlier a step, the less a reader misses what it takes."""
