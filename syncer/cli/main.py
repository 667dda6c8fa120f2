"""The command `syncer`: its global options, its commands, and how errors are told.

Nothing heavy is imported here: `syncer --help` must answer at once. Every command imports what it
needs when it runs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from syncer.cli import (
    baseline,
    check,
    connectors,
    database,
    demo,
    digest,
    discover,
    dispatches,
    history,
    hooks,
    inbox,
    init,
    items,
    overrides,
    plan,
    quarantine,
    review,
    risk,
    risks,
    rules,
    serve,
    statements,
    status,
    sync,
    whatif,
    why,
)
from syncer.cli.classify import classify_command
from syncer.cli.context import VERBOSE, Options, globals_first, guarded
from syncer.failpoints import arm_from_environment
from syncer.service.collector import search_rarely

_OF_THE_LIBRARY: Final = "Value error, "
"""What typer's reader of choices puts before its words, as pydantic does."""


class Commands(TyperGroup):
    """The commands, whose wrong uses are told in plain words."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - the base of typer's contexts is private
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix(_OF_THE_LIBRARY)
            raise


app: Final = typer.Typer(
    name="syncer",
    cls=Commands,
    help="Syncs work trackers, forecasts, and publishes an honest weekly digest.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"syncer {version('program-syncer')}")
        raise typer.Exit


@app.callback()
def global_options(
    ctx: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", metavar="FILE", help="The configuration file.")
    ] = Path("syncer.toml"),
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Tell more, on standard error.")
    ] = False,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and stop."
        ),
    ] = False,
) -> None:
    """Syncs work trackers, forecasts, and publishes an honest weekly digest."""
    ctx.obj = Options(config=config, verbose=verbose)


app.command("init")(init.init)
app.command("discover")(discover.discover)
app.command("check")(check.check)
app.command("plan")(plan.plan)
app.command("sync")(sync.sync)
app.command("status")(status.status)
app.command("why")(why.why)
app.command("risks")(risks.risks)
app.command("whatif")(whatif.whatif)
app.command("history")(history.history)
app.command("replay")(history.replay)
app.command("items")(items.items)
app.command("classify")(classify_command)
app.command("review")(review.review)
app.add_typer(overrides.app, name="override")
app.add_typer(rules.app, name="rules")
app.add_typer(statements.decision_app, name="decision")
app.add_typer(statements.gate_app, name="gate")
app.add_typer(risk.app, name="risk")
app.add_typer(baseline.app, name="baseline")
app.command("say")(statements.say)
app.command("digest")(digest.digest)
app.add_typer(dispatches.app, name="dispatches")
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.add_typer(inbox.app, name="inbox")
app.add_typer(hooks.app, name="hooks")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(connectors.app, name="connectors")
app.add_typer(database.app, name="db")


def main() -> None:
    """Run the command line; the process ends with 0, 1 (something failed) or 2 (usage)."""
    search_rarely()
    arm_from_environment()
    sys.argv[1:] = globals_first(sys.argv[1:])
    # Called itself, the application would put its own hook for tracebacks in place of ours.
    command = typer.main.get_command(app)
    guarded(command, verbose=not VERBOSE.isdisjoint(sys.argv[1:]))
