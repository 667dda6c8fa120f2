"""Fetch the mock server that tests put the connectors' requests to, by npm, into an ignored folder.

    python scripts/fetch_mock_server.py

Prism serves the API descriptions that vendors publish, and refuses requests that a description does
not allow. Its version is pinned here; no script of any package is run. It is not ours, so it is
never committed; without it those tests are skipped with a message.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

VERSION: Final = "5.16.0"
PACKAGE: Final = f"@stoplight/prism-cli@{VERSION}"
TARGET: Final = Path(__file__).resolve().parent.parent / ".test-data" / f"prism-{VERSION}"
PROGRAM: Final = TARGET / "node_modules" / ".bin" / "prism"
_QUIETLY: Final = ("--no-audit", "--no-fund", "--no-save", "--no-package-lock", "--loglevel=error")


def install(folder: Path) -> None:
    """The pinned version with all that it needs, in a folder; `SystemExit` without npm."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not installed, so the mock server cannot be fetched.")
    command = [npm, "install", PACKAGE, "--prefix", str(folder), "--ignore-scripts", *_QUIETLY]
    subprocess.run([*command, "--prefer-offline"], check=True, stdout=subprocess.DEVNULL)  # noqa: S603  all of it is ours


def main() -> None:
    """Fetch it unless it is there; half an installation never stands at its place."""
    if PROGRAM.exists():
        return
    TARGET.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TARGET.parent) as folder:
        whole = Path(folder) / "prism"
        whole.mkdir()
        install(whole)
        shutil.rmtree(TARGET, ignore_errors=True)
        whole.rename(TARGET)
    sys.stdout.write(f"{PACKAGE} in {TARGET.parent.name}/\n")


if __name__ == "__main__":
    main()
