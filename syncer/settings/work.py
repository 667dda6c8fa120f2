"""What a configuration says about the work, as a text that can be kept and read again.

It holds no address, no account and no secret: of a connection only its name and kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import tomli_w

from syncer.settings.load import check_text
from syncer.settings.root import Settings

_SECTIONS: Final = (
    "freezes", "teams", "people", "projects", "programs", "products", "gates", "decisions",
    "risks", "risk_responses", "statuses", "baselines", "classification",
)  # fmt: skip
_SERVICE: Final = ("timezone", "currency", "holidays")


def work_text(data: Mapping[str, Any]) -> str:
    """The part about the work of a configuration's merged table, as TOML."""
    service = data.get("service", {})
    kept: dict[str, Any] = {
        "service": {key: service[key] for key in _SERVICE if key in service},
        "connections": [
            {key: one[key] for key in ("name", "kind") if key in one}
            for one in data.get("connections", ())
        ],
    }
    kept |= {section: data[section] for section in _SECTIONS if section in data}
    return tomli_w.dumps(kept)


def settings_of_work(text: str, *, name: str = "the configuration in use") -> Settings:
    """The settings of such a text; everything else in them has its default."""
    return check_text(text, Path(name))
