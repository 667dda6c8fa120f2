"""Raw issues to records: here, or in a second process where a reading is long."""

from __future__ import annotations

import asyncio
from typing import Final, Self

from connectors.jira.details import Completed
from connectors.jira.mapping.page import Mapped, done, job_of, mapped_from, parts_told, read_page
from connectors.jira.mapping.site import Site
from syncer.connect.second_process import SecondProcess, second_process
from syncer.domain.ref import ContainerKey

LONG_READING: Final = 8000
"""So many issues are worth a second process: before, it saves little and takes 35 MB."""

_ISSUES_A_TURN: Final = 20


class Mapper:
    """Maps pages of one site; a reading that is known to be long gets a second process `aside`.

    Used as a context, which ends that process.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self._told = b""
        self.aside: SecondProcess | None = None
        self._is_prepared = False

    async def __aenter__(self) -> Self:
        """Nothing is started before `prepare`."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the second process, if there is one."""
        if self.aside is not None:
            await self.aside.close()

    async def prepare(self, expected: int | None) -> None:
        """Get ready for about so many issues, None where nobody knows; once a reading."""
        is_long = expected is not None and expected >= LONG_READING
        if is_long and self.site.parts is not None and not self._is_prepared:
            self._told = parts_told(self.site.parts)
            self.aside = await second_process(done)
        self._is_prepared = True

    async def mapped(self, completed: Completed, container: ContainerKey) -> Mapped:
        """The records and the unreadable ones among raw issues; others get their turn meanwhile."""
        issues, ids = completed.issues, completed.ids
        if self.aside is not None and self.aside.is_ready:
            job = job_of(issues, ids=ids, container=container, site=self._told)
            answer = await self.aside.do(job) if job else None
            if answer:
                return mapped_from(answer)
        mapped = Mapped()
        for start in range(0, len(issues), _ISSUES_A_TURN):
            await asyncio.sleep(0)
            turn = issues[start : start + _ISSUES_A_TURN]
            some = read_page(turn, ids=ids, container=container, site=self.site)
            mapped = mapped.and_then(some)
        return mapped
