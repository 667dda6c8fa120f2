"""One line that says what was decided, how surely and why."""

from __future__ import annotations

from collections.abc import Iterator

from syncer.classify.signals import INSIDE
from syncer.domain.verdict import Reason, Verdict, VerdictLevel

LONGEST = 120
_ONLY = "text only"
_SILENT = frozenset({"text_rest", "text_only", "limit"})
_BY_EVIDENCE = frozenset({"evidence", "none"})  # elsewhere the first reason is the whole reason


def explain(verdict: Verdict) -> str:
    """At most 120 characters: `Program (95 %): blocks 2 other products, member of 5G`.

    Reasons that speak for the verdict, strongest first, as many as fit. The percentage is
    rounded down, so that 99 % never reads as certainty.
    """
    line = f"{_headline(verdict)} ({percentage(verdict)} %)"
    separator = ": "
    for text in _texts(verdict):
        longer = line + separator + text
        if len(longer) > LONGEST:
            if separator == ": ":
                return longer[: LONGEST - 1].rstrip() + "…"
            break
        line, separator = longer, ", "
    return line


def percentage(verdict: Verdict) -> int:
    """How sure the verdict is, in whole per cent, rounded down."""
    return int(verdict.confidence * 100 + 1e-9)


def _headline(verdict: Verdict) -> str:
    if verdict.level is VerdictLevel.UNCLASSIFIED and verdict.decided_by == "none":
        return f"Unclassified, leaning {verdict.leaning}"
    return str(verdict.level).capitalize()


def _texts(verdict: Verdict) -> Iterator[str]:
    """What may stand after the colon; "text only" is said once, before the phrases."""
    if verdict.decided_by == "none" and _text_only(verdict):
        yield _ONLY
    elif verdict.decided_by not in _BY_EVIDENCE:
        yield from (reason.text for reason in verdict.reasons[:1])
    elif _text_only(verdict) and not _stays_inside(verdict):
        yield from _phrases(verdict)
    else:
        yield from [_plain(reason) for reason in _speaking(verdict)] or ["its plain wording"]


def _plain(reason: Reason) -> str:
    return reason.text.removeprefix(f"{_ONLY}: ")


def _phrases(verdict: Verdict) -> Iterator[str]:
    """The telling phrases; one that only repeats words of another is left out."""
    texts = (_plain(reason) for reason in _speaking(verdict) if reason.text != _ONLY)
    found = list(dict.fromkeys(texts))
    kept = [
        text
        for text in found
        if not any(text.strip('"') in other and text != other for other in found)
    ]
    if not kept:
        yield _ONLY
    for number, text in enumerate(kept):
        yield text if number else f"{_ONLY}: {text}"


def _text_only(verdict: Verdict) -> bool:
    return any(reason.signal == "text_only" for reason in verdict.reasons)


def _stays_inside(verdict: Verdict) -> bool:
    """Whether it is product work and nothing is known that reaches beyond the product."""
    return any(reason.signal == INSIDE for reason in _speaking(verdict))


def _speaking(verdict: Verdict) -> Iterator[Reason]:
    """Reasons that weigh towards the leaning."""
    sign = 1 if verdict.leaning is VerdictLevel.PROGRAM else -1
    for reason in verdict.reasons:
        if reason.signal not in _SILENT and reason.weight * sign > 0:
            yield reason
