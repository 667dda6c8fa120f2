"""The look back on one configured connection."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from syncer.domain.lane import Lane
from syncer.log import get_logger
from syncer.sync.lease import held, this_process
from syncer.sync.look_back import LookBack, LookedBack, look_back

if TYPE_CHECKING:
    from syncer.service.core import Service

_log: Final = get_logger(__name__)


async def look_back_on(
    service: Service, name: str, *, command: str, counts_found: bool = False
) -> list[LookedBack]:
    """Look back on the containers of a connection that are due; failures are noted and logged.

    `Busy` while another process does; `ConfigError` for a connection that cannot be used.
    """
    config = service.connections.config(name)
    connector = await service.connections.connector(name)
    span = timedelta(hours=config.look_back_hours)
    async with held(service.store, f"look_back:{name}", this_process(command)):
        with service.connections.on_lane(name, Lane.LOOK_BACK):
            results = await look_back(
                service.store,
                connector,
                connection=name,
                clock=service.clock,
                wanted=service.wanted(name),
                rules=LookBack(span=span, counts_found=counts_found),
            )
    for one in results:
        if one.failure is not None:
            _log.warning("a look back failed", container=str(one.container), error=str(one.failure))
    return results
