"""Writes docs/push-schema.json from the shapes of the push connector; `--check` only compares.

Run it after a change of `connectors/push/wire.py`: `python scripts/write_push_schema.py`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from connectors.push.wire import PushedDelivery

TARGET: Final = Path(__file__).resolve().parent.parent / "docs" / "push-schema.json"
_LINKS: Final = "How an item relates to another one; `inward` turns it round."
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def document() -> str:
    """The whole schema as text."""
    schema = {"$schema": _DIALECT, **PushedDelivery.model_json_schema()}
    schema["$defs"]["LinkKind"]["description"] = _LINKS
    schema["title"] = "A delivery to a connection of kind push"
    return json.dumps(schema, indent=2) + "\n"


def main() -> int:
    """Write the schema, or with `--check` end with 1 where it is out of date."""
    text = document()
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
