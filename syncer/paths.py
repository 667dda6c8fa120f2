"""Where the files that are shipped with syncer lie."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The folder of shipped files called `name`: `config` or `alembic`.

    An installed wheel carries it inside the package, as `_config` or `_alembic`; a checkout has it
    at its top. The checkout's folder counts only if `pyproject.toml` lies beside it, so that
    somebody else's folder called `config` is never read. `FileNotFoundError` if neither is there.
    """
    return _shipped(name, package=_PACKAGE)


def _shipped(name: str, *, package: Path) -> Path:
    packaged = package / f"_{name}"
    if packaged.is_dir():
        return packaged
    checkout = package.parent
    if (checkout / name).is_dir() and (checkout / "pyproject.toml").is_file():
        return checkout / name
    raise FileNotFoundError(f"syncer was installed without its folder {name!r}; install it again")
