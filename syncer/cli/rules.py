"""`syncer rules suggest`: mapping rules that people's corrections suggest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from syncer.cli.context import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from syncer.classify.suggestions import Suggestion
    from syncer.service.core import Service

app = typer.Typer(help="Mapping rules of the classifier.", no_args_is_help=True)


@app.callback()
def rules() -> None:
    """Mapping rules of the classifier."""


@app.command("suggest")
def suggest(ctx: typer.Context) -> None:
    """Print the rules that ten or more like corrections suggest, ready for syncer.toml."""
    from syncer.cli.output import tell, write_lines

    found = run(ctx, _suggested)
    write_lines(line for one in found for line in _lines(one))
    if not found:
        tell("No ten corrections to one level share a label, field, version, tree or container.")


async def _suggested(service: Service) -> Sequence[Suggestion]:
    from syncer.service.reviewing import suggested_rules

    return await suggested_rules(service)


def _lines(one: Suggestion) -> Iterator[str]:
    from syncer.cli.output import counted
    from syncer.settings.selectors import written

    yield (
        f"# {counted(len(one.overrides), 'correction')} to {one.level}, none to another level. "
        f"It picks {counted(one.picked, 'item')} and turns {one.turned} of them."
    )
    yield "[[classification]]"
    yield f"select = [{written(one.selector)}]"
    yield f'level = "{one.level}"'
    yield ""
