"""Evidence by construction: each figure of an edition stands in the evidence of its claim."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import pytest

from syncer.domain.evidence import Backing, Told
from syncer.domain.report import Evidence
from syncer.publish.audience import Lens
from syncer.publish.digest.compose import compose
from syncer.publish.digest.model import Claim, Digest
from syncer.publish.render import phrases
from tests.unit.publish.builders import EXECUTIVE, PRODUCT_VIEW, PROGRAM_VIEW, view
from tests.unit.publish.portfolios import EXAMPLE_CHANGES, example, example_before, large

_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_ISO: Final = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_KEY: Final = re.compile(r"\b[A-Z]+-\d+\b")
_NUMBER: Final = re.compile(
    r"(?<![\w.])(?:[€$£]\s?)?\d+(?:[.,:]\d+)*(?:k|m|bn)?(?: %| [A-Z][a-z]{2})?"
)
_MONTH: Final = re.compile(rf"^(\d+) (?:{'|'.join(_MONTHS)})$")

Said = tuple[str, Sequence[Evidence]]


def claims(digest: Digest) -> Iterator[Said]:
    """Every text of an edition with the evidence that its reader is led to."""
    yield digest.subject, digest.subject.evidence
    yield digest.headline, digest.headline.evidence
    if digest.comparison is not None:
        yield digest.comparison, digest.comparison.evidence
    if digest.correction:
        yield phrases.correction_line(digest), digest.evidence
    if digest.decisions_more:
        yield phrases.more_decisions(digest), digest.evidence
    for line in digest.status_lines:
        yield line, line.evidence
    told = (digest.banner, digest.disagreements, digest.product, digest.changes)
    for claim in (claim for some in (*told, digest.dependencies, digest.trust) for claim in some):
        yield claim.text, claim.evidence
    yield from _rows(digest)


def _rows(digest: Digest) -> Iterator[Said]:
    for decision in digest.decisions:
        told = f"{decision.question} {phrases.decision_facts(decision)} {decision.recommendation}"
        yield told, decision.evidence
        for option in decision.options:
            yield f"{option.text} {option.effect} {option.listed}", option.evidence
    for row in digest.status:
        yield f"{row.name}: {row.chance} {row.dates} {row.note}", row.evidence
    for words in digest.words_of_owners:
        yield " ".join(phrases.owner_said(words, digest)), words.evidence
    for risk in digest.risks:
        yield (
            f"{risk.title} {phrases.risk_facts(risk)} {phrases.risk_owner(risk)} {risk.ask}",
            (risk.evidence),
        )
    for gate in digest.gates:
        yield f"{gate.day} {gate.name} {gate.chance}", gate.evidence


def figures(text: str) -> list[str]:
    """The numbers, dates, percentages and sums of a text; a key is a name, no figure."""
    found = _NUMBER.findall(_KEY.sub("", text))
    known = (f if f.endswith("%") or _MONTH.match(f) else f.split(" ")[0] for f in found)
    return [figure.rstrip(".,:") for figure in known]


def missing(said: Said) -> list[str]:
    """The figures of a text that its evidence does not hold."""
    text, evidence = said
    told = " \n ".join(part for one in evidence for part in _parts(one))
    held = set(figures(_dated(told)))
    days = {f.split(" ")[0] for f in held if _MONTH.match(f)}
    return [f for f in figures(_dated(text)) if f not in held and f not in days]


def _parts(one: Evidence) -> Iterator[str]:
    yield from (one.label, one.value, one.formula, one.rule)
    yield from (*one.inputs, *one.thresholds, *one.items)


def _dated(text: str) -> str:
    """Dates as an edition prints them, whichever way they were written."""
    return _ISO.sub(lambda m: f"{int(m[3])} {_MONTHS[int(m[2]) - 1]} {m[1]} ", text)


def _large(lens: Lens) -> Digest:
    now = large(12, 3, 4)
    return compose(now, now, (), audience=view(lens=lens))


EDITIONS: Final[dict[str, Callable[[], Digest]]] = {
    "the full example": lambda: compose(
        example(), example_before(), EXAMPLE_CHANGES, audience=EXECUTIVE
    ),
    "for program managers": lambda: compose(
        example(), example_before(), EXAMPLE_CHANGES, audience=PROGRAM_VIEW
    ),
    "for product managers": lambda: compose(
        example(), example_before(), EXAMPLE_CHANGES, audience=PRODUCT_VIEW
    ),
    "a correction": lambda: compose(
        example(), None, (), audience=EXECUTIVE, version=2, correction="3 items came 2 days late"
    ),
    **{f"twelve programs, {lens}": partial(_large, lens) for lens in Lens},
}


@pytest.mark.parametrize("name", sorted(EDITIONS))
def test_every_figure_of_an_edition_stands_in_the_evidence_of_its_claim(name: str) -> None:
    digest = EDITIONS[name]()
    every = list(claims(digest))
    assert sum(len(figures(text)) for text, _ in every) >= 20
    assert {
        text: missing((text, backing)) for text, backing in every if missing((text, backing))
    } == {}


def test_the_walk_finds_a_figure_that_nothing_backs() -> None:
    """A planted one: the walk would be worth nothing if it found every figure."""
    backing = (Evidence(label="Network: chance of 19 March", value="30 %"),)
    assert missing(("30 % for 19 March", backing)) == []
    assert missing(("31 % for 20 March, ≈ €410k in 5.6 weeks", backing)) == [
        "31 %",
        "20 Mar",
        "€410k",
        "5.6",
    ]


def test_the_type_checker_refuses_a_claim_without_evidence() -> None:
    """Each `ignore` is a refusal: the check of the tests fails where one is no longer needed."""
    with pytest.raises(TypeError, match="evidence"):
        Claim(text="30 % chance")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="without evidence"):
        Claim(text="30 % chance", evidence=())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="first"):
        Backing()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="without evidence"):
        Told("30 % chance", ())  # type: ignore[arg-type]
    digest = EDITIONS["the full example"]()
    with pytest.raises(TypeError, match="without evidence"):
        replace(digest, headline="30 % chance")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="without evidence"):
        replace(digest.status[0], evidence=())  # type: ignore[arg-type]


def test_evidence_that_says_nothing_is_none() -> None:
    with pytest.raises(ValueError, match="says nothing"):
        Backing(Evidence(label="Chance", value=""))
