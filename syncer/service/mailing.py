"""The mail server of one configuration: its secrets read, mails made and handed over."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cached_property

from pydantic import SecretStr

from syncer.connect.auth import read_secret
from syncer.errors import ConfigError, DispatchFailed
from syncer.publish.audiences import Audience
from syncer.publish.channels.email import MailServer, prepared, probe
from syncer.publish.channels.outcome import Finish
from syncer.publish.mail.address import domain_of, header_address
from syncer.publish.mail.message import Letter, Sender, mail_bytes
from syncer.settings.root import Settings
from syncer.store.dispatches import Dispatch
from syncer.store.editions import PublishedEdition


class Mailing:
    """Makes and hands over mails as the configuration says."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def probe(self) -> str:
        """Connect, encrypt and sign in, and send nothing; empty where no server is configured.

        `Unreachable` where that fails, `ConfigError` where the password cannot be read.
        """
        return await probe(self._server) if self._settings.smtp.host else ""

    @asynccontextmanager
    async def prepared(
        self, one: Dispatch, edition: PublishedEdition, *, audience: Audience, references: str
    ) -> AsyncGenerator[Finish]:
        """Hand the mail of a dispatch over up to its last step; `DispatchFailed` if that fails."""
        sender = self._sender
        try:
            message = mail_bytes(edition, self._letter(one, audience, references), sender)
        except (ValueError, LookupError) as error:  # what the standard library cannot write
            raise DispatchFailed(
                f"The mail cannot be written ({type(error).__name__}).", permanent=True
            ) from error
        async with prepared(
            self._reachable(),
            sender=header_address(sender.address).addr_spec,
            recipient=header_address(one.recipient).addr_spec,
            message=message,
        ) as finish:
            yield finish

    @property
    def _sender(self) -> Sender:
        smtp = self._settings.smtp
        if not smtp.host:
            raise DispatchFailed("No mail server is configured.", fix="Set host in [smtp].")
        return Sender(address=smtp.sender, reply_to=smtp.reply_to)

    def _letter(self, one: Dispatch, audience: Audience, references: str) -> Letter:
        domain = domain_of(self._settings.smtp.sender)
        listed = (to for to in audience.recipients if to.address == one.recipient)
        return Letter(
            message_id=one.message_id,
            address=one.recipient,
            name=next((to.name for to in listed), ""),
            references=references,
            list_id=f"{one.audience}.{domain}",
            list_name=audience.view.name,
            redelivery=one.in_doubt > 0,
        )

    def _reachable(self) -> MailServer:
        """The server; a password that cannot be read is told with the dispatch, and tried again."""
        try:
            return self._server
        except ConfigError as error:
            raise DispatchFailed(error.message, fix=error.fix) from None

    @cached_property
    def _server(self) -> MailServer:
        smtp, network = self._settings.smtp, self._settings.service.network
        return MailServer(
            host=smtp.host,
            port=smtp.port,
            tls=smtp.tls,
            username=smtp.username,
            password=self._password(),
            ca_file=self._settings.path(network.ca_file) if network.ca_file else None,
            timeout=smtp.timeout,
            own_name=domain_of(smtp.sender),
        )

    def _password(self) -> SecretStr | None:
        smtp, settings = self._settings.smtp, self._settings
        for key, value in (
            ("password_env", smtp.password_env),
            ("password_file", smtp.password_file),
        ):
            if value:
                return read_secret(key, value, env=settings.environment, base=settings.folder)
        return None
