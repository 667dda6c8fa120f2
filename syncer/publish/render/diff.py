"""What differs between two editions, as a reader sees it."""

from __future__ import annotations

from difflib import unified_diff

from syncer.publish.digest.model import Digest
from syncer.publish.render.text import render_text


def diff_text(old: Digest, new: Digest) -> str:
    """The unified diff of the two text forms; empty where nothing differs."""
    return diff_rendered(render_text(old), render_text(new), before=_name(old), after=_name(new))


def diff_rendered(old: str, new: str, *, before: str = "old", after: str = "new") -> str:
    """The unified diff of two texts that were rendered earlier."""
    lines = unified_diff(old.splitlines(), new.splitlines(), before, after, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _name(digest: Digest) -> str:
    return f"{digest.audience} {digest.edition} v{digest.version} {digest.snapshot}"
