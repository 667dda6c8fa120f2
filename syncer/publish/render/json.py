"""The digest as JSON: the keys of the contract, evidence included."""

from __future__ import annotations

import orjson

from syncer.publish.digest.model import Digest


def render_json(digest: Digest) -> str:
    """One indented object. Dates `YYYY-MM-DD`, instants UTC with `Z`, unknown is null."""
    options = orjson.OPT_UTC_Z | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(digest, option=options).decode()
