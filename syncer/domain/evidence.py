"""What stands behind a statement, as a type of its own: there is no empty one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from syncer.domain.report import Evidence


class Backing(tuple[Evidence, ...]):
    """At least one piece of evidence that says something.

    A statement of the digest holds one, so that a figure without evidence cannot be written: a
    type checker refuses it, and so does the constructor. Raises `ValueError` for a piece that
    says nothing.
    """

    __slots__ = ()

    def __new__(cls, first: Evidence, *more: Evidence) -> Self:
        """The pieces in the order in which a reader needs them, each told once."""
        pieces = dict.fromkeys((first, *more))
        for piece in pieces:
            if not piece.label or not _says(piece):
                raise ValueError(f"evidence that says nothing: {piece.label!r}")
        return super().__new__(cls, pieces)


def _says(piece: Evidence) -> bool:
    return bool(piece.value or piece.formula or piece.rule or piece.items or piece.url)


class Told(str):
    """A line of text with what backs it; as text it is the text alone.

    Raises `TypeError` where the backing is none.
    """

    __slots__ = ("evidence",)
    evidence: Backing

    def __new__(cls, text: str, evidence: Backing) -> Self:
        """The line; whatever is cut out of it is plain text again and has to be backed anew."""
        if not isinstance(evidence, Backing):
            raise TypeError(f"a line without evidence: {text!r}")
        line = super().__new__(cls, text)
        line.evidence = evidence
        return line


def telling(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """The pieces that say something: what people or trackers name as evidence may be blank."""
    return tuple(piece for piece in evidence if piece.label and _says(piece))
