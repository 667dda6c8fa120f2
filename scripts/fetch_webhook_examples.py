"""Fetch the examples of GitHub webhooks that the tests read, by npm, into an ignored folder.

    python scripts/fetch_webhook_examples.py

The version is pinned here together with the hash of its archive. The examples are not ours, so
they are never committed; without them those tests are skipped with a message.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from base64 import b64encode
from pathlib import Path
from typing import Final

VERSION: Final = "7.6.1"
PACKAGE: Final = f"@octokit/webhooks-examples@{VERSION}"
SHA512: Final = (
    "De6U3XB6O3DtCa7bKgCMzTHdeopqqZ6SNivMYJnK65ierKL1AnNIA0tkRYCRS7lwGT792d+Ps1WbfHlso6MynQ=="
)
MEMBER: Final = "package/api.github.com/index.json"
TARGET: Final = (
    Path(__file__).resolve().parent.parent / ".test-data" / f"github-webhooks-{VERSION}.json"
)


def packed(folder: Path) -> Path:
    """The archive of the pinned version, as npm downloads it; `SystemExit` without npm."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not installed, so the webhook examples cannot be fetched.")
    command = [npm, "pack", PACKAGE, "--ignore-scripts", "--silent", "--pack-destination"]
    subprocess.run([*command, str(folder)], check=True, stdout=subprocess.DEVNULL)  # noqa: S603  all of it is ours
    return next(folder.glob("*.tgz"))


def checked(archive: Path) -> bytes:
    """The examples in the archive, if it is the pinned one."""
    found = b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != SHA512:
        raise SystemExit(f"{PACKAGE} has changed: its SHA-512 is {found}.")
    with tarfile.open(archive) as files:
        content = files.extractfile(MEMBER)
        if content is None:
            raise SystemExit(f"{PACKAGE} holds no {MEMBER}.")
        return content.read()


def main() -> None:
    """Fetch the examples unless they are there."""
    if TARGET.is_file():
        return
    with tempfile.TemporaryDirectory() as folder:
        examples = checked(packed(Path(folder)))
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(examples)
    sys.stdout.write(f"{len(examples):,} bytes of webhook examples in {TARGET.parent.name}/\n")


if __name__ == "__main__":
    main()
