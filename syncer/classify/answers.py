"""One line of `syncer classify`: a portfolio in, answers or an error out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from syncer.classify.classifier import classify_portfolio
from syncer.classify.explain import explain
from syncer.classify.portfolio import Portfolio
from syncer.classify.rules import with_rules
from syncer.domain.portfolio import ClassificationRule
from syncer.domain.verdict import Verdict

_DIGITS = 4
_LONGEST_ERROR = 300
_JSON = json.JSONDecodeError
Answer = dict[str, Any]


def answers(line: str, rules: Sequence[ClassificationRule] = ()) -> Iterator[Answer]:
    """The answers to one line of input; `{"id", "error"}` where it cannot be read."""
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = f"{error.msg} at column {error.colno}" if isinstance(error, _JSON) else str(error)
        yield {"id": None, "error": f"not JSON: {reason}"[:_LONGEST_ERROR]}
        return
    if not isinstance(raw, dict):
        yield {"id": None, "error": "not an object"}
        return
    try:
        portfolio = Portfolio.model_validate(raw)
    except ValidationError as error:
        yield {"id": _id(raw), "error": _first_fault(error)}
        return
    yield from _portfolio_answers(with_rules(portfolio, rules))


def _portfolio_answers(portfolio: Portfolio) -> Iterator[Answer]:
    verdicts = classify_portfolio(portfolio)
    if portfolio.target is None:
        yield from (_answer(portfolio.id, item.key, verdicts[item.key]) for item in portfolio.items)
    elif portfolio.target in verdicts:
        yield _answer(portfolio.id, portfolio.target, verdicts[portfolio.target])
    else:
        error = f"no item has the key of the target {portfolio.target!r}"[:_LONGEST_ERROR]
        yield {"id": portfolio.id, "error": error}


def _id(raw: dict[str, Any]) -> str | int | None:
    """The id of a line that is otherwise faulty; null where even that is unreadable."""
    found = raw.get("id")
    return found if isinstance(found, (str, int)) else None


def _first_fault(error: ValidationError) -> str:
    """Where the first fault lies and what it is; the input itself is not repeated."""
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg']}"[:_LONGEST_ERROR]


def _answer(identity: str | int | None, key: str, verdict: Verdict) -> Answer:
    return {
        "id": identity,
        "key": key,
        "level": str(verdict.level),
        "leaning": str(verdict.leaning),
        "confidence": round(verdict.confidence, _DIGITS),
        "decided_by": verdict.decided_by,
        "explanation": explain(verdict),
        "reasons": [
            {"signal": r.signal, "weight": round(r.weight, _DIGITS), "text": r.text}
            for r in verdict.reasons
        ],
    }
