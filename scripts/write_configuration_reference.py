"""Writes docs/configuration.md from the settings' models; `--check` only compares.

Run it after a change of `syncer/settings/`: `python scripts/write_configuration_reference.py`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from syncer.settings.models import EmailChannelSettings, FileChannelSettings
from syncer.settings.root import Settings

TARGET: Final = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"

_HEAD: Final = """\
# Configuration reference

Written by `scripts/write_configuration_reference.py` from the code; do not edit it by hand.

`syncer.toml` holds what differs from the defaults below. Values come from, the later standing
over the earlier: the shipped defaults, the file with the files that it includes, environment
variables such as `SYNCER_SERVICE__DATABASE_URL`, and secret files (a folder named by
`SYNCER_SECRETS_DIR`, in which the file `NAME` stands for the variable `NAME`). Relative paths begin
at the folder of the file. `syncer check` tells every fault at once, each with file, line and fix.

A secret never stands in a file: wherever one is needed, `token_env` names the variable that holds
it and `token_file` the file (so do `password_env`, `webhook_secret_file` and the like).

`include = ["programs/*.toml"]`, at the top of the main file, takes in files that others own. Lists
of tables are put together; any other key may stand in one file only.

**Selectors** pick work items: `"jira:NET"` (a container; globs allowed),
`{ under = "jira:INIT-12" }` (an item and the tree below it), `{ label = "prog:5g" }` (globs
allowed), `{ field = "Program", equals = "5G" }`, `{ version = "jira:NET/2.0" }` (or a milestone),
`{ area = "ado:Corp/Network/**" }`, `{ connection = "jira", jql = "labels = 5g" }` (what the
tracker finds). [Programs, projects, products](portfolio.md#selectors) shows them at work.

**Scopes** name what a gate, decision or risk is about: `prog:KEY`, `proj:KEY`, `prod:KEY`, or a
bare key where only one of them has it. A container that no project claims is a project of its own,
called by the container's key; where it may not have been synced yet, write `jira:KEY`.

Thresholds of colours and risks stand in `health.toml`: put a file of that name beside yours and
write there only what differs from the shipped one.
"""
_CONNECTION: Final = """\
The connector of each kind has a page of its own, which describes its other keys:
[Jira](../connectors/jira/README.md), [GitHub](../connectors/github/README.md),
[GitLab](../connectors/gitlab/README.md), [Azure DevOps](../connectors/azure_devops/README.md),
[Linear](../connectors/linear/README.md), [Redmine](../connectors/redmine/README.md),
[CSV](../connectors/csv_file/README.md), [push](../connectors/push/README.md). All that ask a
tracker know `url` and `auth`, and these for webhooks: `webhook_secret_env` or
`webhook_secret_file`, the `previous_…` ones
while a secret is being changed, and `endpoint_id` where you want to choose it. All know what a
tracker is asked at most ([operations](operations.md#limits-of-a-tracker)): `concurrency` (8), calls
at once; `quota_reserve` (0.1), the share of its quota that is left to news; `look_back_hours` (12),
how far back it is looked for what a search showed late, 0 for never.
"""


def document() -> str:
    """The whole page."""
    sections = [_HEAD]
    for name, info in Settings.model_fields.items():
        sections.append("\n".join(_section(name, info)))
    return "\n".join(sections)


def _section(name: str, info: FieldInfo) -> Iterator[str]:
    is_list = not isinstance(info.annotation, type) or not issubclass(info.annotation, BaseModel)
    yield f"## {f'[[{name}]]' if is_list else f'[{name}]'}\n"
    for model in _models(info.annotation):
        yield from _model(model)
        yield from _inner(model, name) if name != "audiences" else ()
    if name == "connections":
        yield _CONNECTION
    if name == "audiences":
        for kind, channel in (("file", FileChannelSettings), ("email", EmailChannelSettings)):
            yield f"### A channel of the kind `{kind}`\n"
            yield from _model(channel)


def _inner(model: type[BaseModel], place: str) -> Iterator[str]:
    """The tables that a list inside of a table holds."""
    for name, info in model.model_fields.items():
        if not isinstance(info.annotation, type):
            for one in _models(info.annotation):
                yield f"### `{place}.{info.alias or name}`, each of them\n"
                yield from _model(one)


def _model(model: type[BaseModel]) -> Iterator[str]:
    yield f"{_paragraph(model.__doc__ or '')}\n"
    yield "| key | default | meaning |"
    yield "|---|---|---|"
    yield from _rows(model)
    yield ""


def _rows(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        key = prefix + (info.alias or name)
        annotation = info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from _rows(annotation, f"{key}.")
        else:
            yield f"| `{key}` | {_default(info)} | {_cell(info)} |"


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _cell(info: FieldInfo) -> str:
    words = _choices(info.annotation)
    found = ", ".join(f"`{word}`" for word in words)
    listed = f" One of {found}." if len(words) > 1 else f" It is {found}." if words else ""
    return f"{info.description or ''}{listed}".replace("|", "\\|").strip()


def _choices(annotation: object) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return [member.value for member in annotation]
    return [str(word) for word in get_args(annotation) if isinstance(word, str) and word]


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.default
    if value is PydanticUndefined or value is None:
        return ""
    return f"`{_toml(value)}`"


def _toml(value: object) -> str:
    match value:
        case SecretStr():
            return json.dumps(value.get_secret_value())
        case bool():
            return str(value).lower()
        case int() | float() | date():
            return str(value)
        case dict():
            return "{}"
        case tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case _:
            return json.dumps(str(value))


def _paragraph(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def main() -> int:
    """Write the page, or with `--check` end with 1 where it is out of date."""
    text = document()
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
