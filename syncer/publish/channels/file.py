"""The channel `file`: an edition as four files in a folder, each whole or not there."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from syncer.errors import DispatchFailed
from syncer.publish.digest.model import Digest
from syncer.publish.render.html import render_html
from syncer.publish.render.json import render_json
from syncer.publish.render.markdown import render_markdown
from syncer.publish.render.text import render_text

RENDERERS: Mapping[str, Callable[[Digest], str]] = {
    "md": render_markdown,
    "html": render_html,
    "txt": render_text,
    "json": render_json,
}
"""The formats of the channel by file name ending."""

_READABLE = 0o644
_UNFIT = re.compile(r"[^\w.-]+", re.ASCII)


def write_edition(digest: Digest, folder: Path) -> tuple[Path, ...]:
    """Write `<audience>-<edition>[-v2].{md,html,txt,json}` into `folder` and return the paths.

    The folder is made where it is missing. Each file replaces an older one of its name in one
    step, so that nobody ever reads half of it; who may read it is for the process's umask to say.

    Raises:
        DispatchFailed: if the folder or a file cannot be written.
    """
    rendered = {ending: render(digest) for ending, render in RENDERERS.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(
            _replace(folder / f"{stem(digest)}.{ending}", text) for ending, text in rendered.items()
        )
    except OSError as error:
        raise DispatchFailed(
            f"The edition could not be written to {folder}: {error.strerror}.",
            fix="Check that the folder of the audience's channel exists and may be written.",
        ) from error


def stem(digest: Digest) -> str:
    """The file name without its ending: `leadership-2026-W48`, `leadership-2026-W48-v2`."""
    audience = _UNFIT.sub("-", digest.audience).strip(".-") or "audience"
    version = f"-v{digest.version}" if digest.version > 1 else ""
    return f"{audience}-{digest.edition}{version}"


def _replace(path: Path, text: str) -> Path:
    """Write beside the file, flush, then rename over it; a failure leaves no scrap behind."""
    scrap = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(scrap, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _READABLE)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        scrap.replace(path)
    except OSError:
        scrap.unlink(missing_ok=True)
        raise
    return path
