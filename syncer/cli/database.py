"""`syncer db`: the version of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from syncer.cli.context import load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from syncer.store.engine import Store

app = typer.Typer(help="The version of the database.", no_args_is_help=True)


@app.command("upgrade")
def upgrade(
    ctx: typer.Context,
    revision: Annotated[
        str, typer.Argument(metavar="VERSION", help="The version to reach.")
    ] = "head",
) -> None:
    """Bring the database up to date."""
    from syncer.store.migrate import upgrade as migrate

    _run(ctx, lambda store: migrate(store, revision), alone=True)


@app.command("downgrade")
def downgrade(
    ctx: typer.Context,
    revision: Annotated[
        str, typer.Argument(metavar="VERSION", help="The version to go back to; base: nothing.")
    ],
) -> None:
    """Take the database back to an older version. What that version cannot hold is lost."""
    from syncer.store.migrate import downgrade as migrate

    _run(ctx, lambda store: migrate(store, revision), alone=True)


@app.command("current")
def current(ctx: typer.Context) -> None:
    """Print the version of the database."""
    from syncer.store.migrate import current as ask

    async def version(store: Store) -> str:
        # Asking must not make an empty database.
        missing = store.file is not None and not store.file.exists()
        return "no database yet" if missing else await ask(store)

    _run(ctx, version, alone=False)


def _run(ctx: typer.Context, job: Callable[[Store], Awaitable[str]], *, alone: bool) -> None:
    import asyncio

    from syncer.cli.output import write_lines
    from syncer.store.engine import Store

    settings = load(ctx)

    async def with_store() -> str:
        url = settings.service.database_url.get_secret_value()
        async with Store(url, folder=settings.folder) as store:
            if alone:
                _refuse_beside_a_daemon(store)
            return await job(store)

    write_lines([asyncio.run(with_store()) or "empty"])


def _refuse_beside_a_daemon(store: Store) -> None:
    from syncer.errors import Busy
    from syncer.store.holder import file_holder

    holder = file_holder(store.file) if store.file and store.file.exists() else None
    if holder:
        raise Busy(f"The database is in use by {holder}.", holder=holder, fix="Stop it first.")
