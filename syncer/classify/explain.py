"""One line that says what was decided, how surely and why."""

from __future__ import annotations

from collections.abc import Iterator

from syncer.domain.verdict import Reason, Verdict, VerdictLevel

LONGEST = 120
_ONLY = "text only"
_SILENT = frozenset({"text_rest", "limit"})


def explain(verdict: Verdict) -> str:
    """At most 120 characters: `Program (95 %): blocks 2 other products, member of 5G`.

    Reasons that speak for the verdict, strongest first, as many as fit. The percentage is
    rounded down, so that 99 % never reads as certainty.
    """
    line = f"{_headline(verdict)} ({int(verdict.confidence * 100 + 1e-9)} %)"
    separator = ": "
    for text in _texts(verdict):
        longer = line + separator + text
        if len(longer) > LONGEST:
            if separator == ": ":
                return longer[: LONGEST - 1].rstrip() + "…"
            break
        line, separator = longer, ", "
    return line


def _headline(verdict: Verdict) -> str:
    if verdict.level is VerdictLevel.UNCLASSIFIED and verdict.decided_by == "none":
        return f"Unclassified, leaning {verdict.leaning}"
    return str(verdict.level).capitalize()


def _texts(verdict: Verdict) -> Iterator[str]:
    """What may stand after the colon; "text only" is said once, before the phrases."""
    if verdict.level is VerdictLevel.UNCLASSIFIED and _text_only(verdict):
        yield _ONLY
        return
    if _text_only(verdict) and verdict.decided_by == "evidence":
        phrases = [r.text.removeprefix(f"{_ONLY}: ") for r in _speaking(verdict)]
        named = ", ".join(text for text in phrases if text != _ONLY)
        yield f"{_ONLY}: {named}" if named else _ONLY
        return
    for reason in _speaking(verdict):
        yield reason.text


def _text_only(verdict: Verdict) -> bool:
    return any(reason.signal == "text_only" for reason in verdict.reasons)


def _speaking(verdict: Verdict) -> Iterator[Reason]:
    """Reasons without a weight (somebody said so) or with one towards the leaning."""
    sign = 1 if verdict.leaning is VerdictLevel.PROGRAM else -1
    for reason in verdict.reasons:
        if reason.signal not in _SILENT and (reason.weight == 0 or reason.weight * sign > 0):
            yield reason
