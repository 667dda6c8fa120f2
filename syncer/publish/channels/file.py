"""The channel `file`: an edition as four files in a folder, each whole or not there."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from syncer.errors import DispatchFailed
from syncer.publish.render.formats import RENDERERS

_READABLE = 0o644
_UNFIT = re.compile(r"[^\w.-]+", re.ASCII)


class Named(Protocol):
    """What files are called by: a digest, or an edition that was published."""

    @property
    def audience(self) -> str:
        """The audience's key."""
        ...

    @property
    def edition(self) -> str:
        """The edition's name, such as `2026-W48`."""
        ...

    @property
    def version(self) -> int:
        """1, or more for a correction."""
        ...


def write_edition(contents: Mapping[str, str], *, name: str, folder: Path) -> tuple[Path, ...]:
    """Write `<name>.{md,html,txt,json}` with the contents of these formats into `folder`.

    Returns the paths. The folder is made where it is missing. Each file replaces an older one of
    its name in one step, so that nobody ever reads half of it, and writing twice is as good as
    once; who may read it is for the process's umask to say.

    Raises:
        DispatchFailed: if the folder or a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = tuple(_replace(path, contents[path.suffix[1:]]) for path in files(name, folder))
        _keep_names(folder)
        return paths
    except OSError as error:
        raise DispatchFailed(
            f"The edition could not be written to {folder}: {error.strerror}.",
            fix="Check that the folder of the audience's channel exists and may be written.",
        ) from error


def files(name: str, folder: Path) -> tuple[Path, ...]:
    """The paths of an edition's files."""
    return tuple(folder / f"{name}.{ending}" for ending in RENDERERS)


def stem(edition: Named) -> str:
    """The file name without its ending: `leadership-2026-W48`, `leadership-2026-W48-v2`."""
    audience = _UNFIT.sub("-", edition.audience).strip(".-") or "audience"
    version = f"-v{edition.version}" if edition.version > 1 else ""
    return f"{audience}-{edition.edition}{version}"


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


def _keep_names(folder: Path) -> None:
    """Put the files' names on the disk too: what is recorded as sent is there after a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
