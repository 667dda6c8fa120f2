"""`python -m syncer` is the command `syncer`."""

from __future__ import annotations

from syncer.cli.main import main

if __name__ == "__main__":
    main()
