"""Digests as they were published, byte for byte, under a policy that allows just their style."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

from syncer.web.pages.render import render

_STYLE: Final = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
_BODY: Final = "<body>"


def policy(html: str) -> str:
    """The content security policy that allows exactly the style sheets inside a document."""
    hashes = " ".join(f"'sha256-{_hash(style)}'" for style in _STYLE.findall(html)) or "'none'"
    return (
        f"default-src 'none'; style-src {hashes}; img-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


def _hash(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def with_way_back(html: str, *, note: str, links: list[tuple[str, str]]) -> str:
    """The document with a line before it: what it is, and where to go on (label, address)."""
    line = render("way_back", note=note, links=links)
    return html.replace(_BODY, f"{_BODY}\n{line}", 1)
