"""The forms in which every edition is frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from syncer.publish.digest.model import Digest
from syncer.publish.render.html import render_html
from syncer.publish.render.json import render_json
from syncer.publish.render.markdown import render_markdown
from syncer.publish.render.text import render_text

RENDERERS: Final[Mapping[str, Callable[[Digest], str]]] = {
    "md": render_markdown,
    "html": render_html,
    "txt": render_text,
    "json": render_json,
}
"""The formats by file name ending."""
