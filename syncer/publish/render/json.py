"""The digest as JSON: the keys of the contract, evidence included."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

import orjson

from syncer.domain.evidence import Backing
from syncer.domain.report import Evidence
from syncer.publish.digest.model import Digest

_OPTIONS: Final = orjson.OPT_UTC_Z | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def render_json(digest: Digest) -> str:
    """One indented object. Dates `YYYY-MM-DD`, instants UTC with `Z`, unknown is null.

    Lines are plain strings; what stands behind them is under `evidence_of`, by their names.
    """
    data = {one.name: getattr(digest, one.name) for one in fields(digest)}
    data["comparison"] = digest.comparison or ""
    data["evidence_of"] = {
        "subject": digest.subject.evidence,
        "headline": digest.headline.evidence,
        "comparison": digest.comparison.evidence if digest.comparison else [],
        "status_lines": [line.evidence for line in digest.status_lines],
    }
    return orjson.dumps(data, default=_pieces, option=_OPTIONS).decode()


def _pieces(value: object) -> list[Evidence]:
    if isinstance(value, Backing):
        return list(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
