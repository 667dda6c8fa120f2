"""Progress by estimate in words: it never stands without saying what it is a share of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from syncer.domain.progress import EstimateProgress
from syncer.domain.report import Evidence, ProjectResult
from syncer.publish.digest.wording import counted
from syncer.rollup.tolerance import round_half_up

_LARGE: Final = 1e9  # a sum from which its digits tell nobody anything
_Clean = Callable[[str], str]


def estimate_share(found: EstimateProgress | None, clean: _Clean = str) -> str:
    """`40 % of the estimated points`; empty where progress is by count.

    `clean` takes out of a tracker's word for the unit what may not be shown.
    """
    if found is None or found.share is None:
        return ""
    return f"{_percent(found.share)} of {_whole(clean(found.unit))}"


def progress_line(project: ProjectResult, clean: _Clean = str) -> str:
    """The told progress with its sums and what counts nothing, or why estimates do not serve.

    Empty where the project does not ask for progress by estimate.
    """
    found = project.by_estimate
    if found is None:
        return ""
    if found.refused:
        return f"progress by count, not by estimate: {found.refused}"
    return f"{estimate_share(found, clean)} done, {_sums(found)}; {_left_out(found, clean)}"


def progress_evidence(project: ProjectResult, name: str, clean: _Clean) -> tuple[Evidence, ...]:
    """What stands behind progress where the project asks for estimates, else nothing."""
    found = project.by_estimate
    if found is None:
        return ()
    share = estimate_share(found, clean)
    told = f"{share} done" if share else f"{items_share(project)} of the items done, by count"
    return (
        Evidence(
            label=f"{name}: progress",
            value=told,
            formula="done by all estimates of countable items; the forecast counts items",
            inputs=(found.refused,) if found.refused else (_sums(found), _left_out(found, clean)),
            thresholds=("80 % of the items estimated in one unit",),
        ),
    )


def items_share(project: ProjectResult) -> str:
    """The done share by count, `–` without countable work: what plan and SPI go by."""
    return _percent(project.done / project.total) if project.total else "–"


def _percent(share: float) -> str:
    return f"{round_half_up(100 * share)} %"


def _whole(unit: str) -> str:
    return f"the estimated {unit}" if unit else "what is estimated"


def _sums(found: EstimateProgress) -> str:
    return f"{_amount(found.done)} of {_amount(found.total)}"


def _amount(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < _LARGE else f"{value:g}"


def _left_out(found: EstimateProgress, clean: _Clean) -> str:
    """`2 of 10 items are not estimated in points and count nothing`."""
    if not found.unestimated:
        return f"all {counted(found.countable, 'item')} estimated"
    unit = f" in {clean(found.unit)}" if found.unit else ""
    verb, count = ("is", "counts") if found.unestimated == 1 else ("are", "count")
    items = f"{found.unestimated} of {counted(found.countable, 'item')}"
    return f"{items} {verb} not estimated{unit} and {count} nothing"
