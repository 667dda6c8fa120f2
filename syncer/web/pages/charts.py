"""Small drawings as plain numbers; the templates make SVG of them, the style sheet their look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from syncer.domain.health import Health

WIDTH: Final = 640
HEIGHT: Final = 190
_LEFT: Final = 58
_RIGHT: Final = 20
_TOP: Final = 26
_BOTTOM: Final = 34
_SPARK_WIDTH: Final = 72
_SPARK_HEIGHT: Final = 20
_SPARK_EDGE: Final = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What was known on a day: chance 0..1 (None: withheld), colour, target, 85 % date."""

    on: date
    health: Health
    probability: float | None
    target: date | None
    p85: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A point of a drawing. `moved` where the target was another one on the day before."""

    x: float
    y: float
    point: Point
    moved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A stepped line of a chance through the weeks, broken where it was withheld.

    `green_from` and `red_below` are the heights of 85 and 50 %, `bottom` that of nothing.
    """

    path: str
    dots: Sequence[Dot]
    green_from: float
    red_below: float
    bottom: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    top: int = _TOP
    right: int = WIDTH - _RIGHT


def step_line(points: Sequence[Point]) -> StepLine | None:
    """The history of a chance; None for fewer than two points, which are no history."""
    if len(points) < 2:  # noqa: PLR2004  a line has two ends
        return None
    step = (WIDTH - _LEFT - _RIGHT) / (len(points) - 1)
    dots = [
        Dot(
            x=round(_LEFT + index * step, 1),
            y=_height(point.probability or 0.0),
            point=point,
            moved=index > 0 and point.target != points[index - 1].target,
        )
        for index, point in enumerate(points)
    ]
    return StepLine(
        path=_steps(dots),
        dots=dots,
        green_from=_height(0.85),
        red_below=_height(0.5),
        bottom=_height(0.0),
    )


def _height(probability: float) -> float:
    return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - probability), 1)


def _steps(dots: Sequence[Dot]) -> str:
    parts: list[str] = []
    drawn = False
    for dot in dots:
        if dot.point.probability is None:
            drawn = False
            continue
        parts.append(f"H{dot.x}V{dot.y}" if drawn else f"M{dot.x} {dot.y}")
        drawn = True
    return "".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """A small line without axes, and its end; empty path: nothing to draw."""

    path: str
    x: float
    y: float
    green_from: float
    width: int = _SPARK_WIDTH
    height: int = _SPARK_HEIGHT


def spark(values: Sequence[float | None]) -> Spark | None:
    """The line of some chances 0..1, oldest first; None where fewer than two are known."""
    known = [(index, value) for index, value in enumerate(values) if value is not None]
    if len(known) < 2:  # noqa: PLR2004  a line has two ends
        return None
    step = (_SPARK_WIDTH - 2 * _SPARK_EDGE) / max(1, len(values) - 1)
    at = [(round(_SPARK_EDGE + i * step, 1), _spark_height(value)) for i, value in known]
    path = "M" + "L".join(f"{x} {y}" for x, y in at)
    return Spark(path=path, x=at[-1][0], y=at[-1][1], green_from=_spark_height(0.85))


def _spark_height(probability: float) -> float:
    return round(_SPARK_EDGE + (_SPARK_HEIGHT - 2 * _SPARK_EDGE) * (1 - probability), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar to the left (product) or right (program) of the middle; per cent of the width."""

    x: float
    width: float


def bars(weights: Sequence[float]) -> Sequence[Bar]:
    """One bar a weight, the heaviest half the width."""
    most = max((abs(weight) for weight in weights), default=0.0) or 1.0
    sizes = [max(0.5, round(50 * abs(weight) / most, 1)) if weight else 0.0 for weight in weights]
    return [
        Bar(x=50.0 if weight >= 0 else round(50 - size, 1), width=size)
        for weight, size in zip(weights, sizes, strict=True)
    ]
