"""The channel `email`: one message to one recipient by SMTP, the final dot apart from the rest.

The connection is encrypted, or goes to this machine; a server that does not offer STARTTLS or
shows a wrong certificate is refused (reliability spec, F40).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from aiosmtplib import SMTP, SMTPException, SMTPResponse, SMTPResponseException
from pydantic import SecretStr

from syncer.connect.session import trust
from syncer.errors import ConfigError, DispatchFailed, Unreachable
from syncer.failpoints import Edge, reach
from syncer.publish.channels.outcome import Finish, Unanswered
from syncer.publish.mail.message import on_the_wire

PREPARE_SECONDS: Final = 25.0
"""All that comes before the final dot; a claim holds for a little longer."""

_TAKEN: Final = range(200, 300)
_REFUSED: Final = range(400, 600)
_PERMANENT: Final = 500
_START_INPUT: Final = 354
_CHUNK: Final = 64 * 1024
_LOOK_AGAIN: Final = 0.01
_GOODBYE_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """How to reach the mail server and as whom; `timeout` in seconds for each answer."""

    host: str
    port: int
    tls: Literal["starttls", "implicit", "none"]
    username: str = ""
    password: SecretStr | None = None
    ca_file: Path | None = None
    timeout: float = 20.0
    own_name: str = "localhost"


@asynccontextmanager
async def prepared(
    server: MailServer, *, sender: str, recipient: str, message: bytes
) -> AsyncGenerator[Finish]:
    """Hand the message over up to its final dot; the value ends it.

    `sender` and `recipient` are bare ASCII addresses: the envelope comes from the configuration
    alone. `DispatchFailed` says whether trying again can help.
    """
    try:
        client = _client(server)
    except ConfigError as error:
        raise DispatchFailed(error.message, fix=error.fix) from None
    ended = False

    async def finish() -> None:
        nonlocal ended
        ended = True
        await _end(client, server)

    try:
        try:
            async with asyncio.timeout(PREPARE_SECONDS):
                await _sign_in(client, server)
                data = on_the_wire(message)
                await _hand_over(client, sender=sender, recipient=recipient, data=data)
        except TimeoutError:
            raise DispatchFailed(f"{_named(server)} took too long.") from None
        yield finish
    finally:
        if ended:
            await _say_goodbye(client)
        client.close()  # in the midst of a message a goodbye would be a line of its text


async def probe(server: MailServer) -> str:
    """Connect, encrypt and sign in, and send nothing; a sentence about it.

    `Unreachable` where any of that fails.
    """
    client = _client(server)
    try:
        async with asyncio.timeout(PREPARE_SECONDS):
            await _sign_in(client, server)
    except (DispatchFailed, TimeoutError) as error:
        told = error.message if isinstance(error, DispatchFailed) else "it took too long."
        raise Unreachable(f"{_named(server)}: {told}", fix="Check [smtp].") from None
    finally:
        await _say_goodbye(client)
        client.close()
    protection = {"starttls": "by STARTTLS", "implicit": "by TLS", "none": "on this machine"}
    who = f", signed in as {server.username}" if server.username else ""
    return f"{_named(server)}: connected {protection[server.tls]}{who}"


def _named(server: MailServer) -> str:
    return f"the mail server {server.host}:{server.port}"


def _client(server: MailServer) -> SMTP:
    password = server.password.get_secret_value() if server.password else None
    return SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username or None,
        password=password,
        local_hostname=server.own_name,
        timeout=server.timeout,
        use_tls=server.tls == "implicit",
        start_tls=server.tls == "starttls",
        tls_context=None if server.tls == "none" else trust(server.ca_file),
    )


async def _sign_in(client: SMTP, server: MailServer) -> None:
    """Connect, encrypt, sign in. What fails here is the server's or ours, not the recipient's."""
    try:
        await client.connect()
        await client.ehlo()
    except (SMTPException, OSError) as error:
        raise DispatchFailed(
            f"No connection to {_named(server)}: {_reason(error)}.",
            fix="Check [smtp] and the server.",
        ) from None


async def _hand_over(client: SMTP, *, sender: str, recipient: str, data: bytes) -> None:
    try:
        await client.mail(sender)
        await client.rcpt(recipient)
        await _start_data(client)
        await _write(client, data)
    except SMTPResponseException as error:
        await _say_goodbye(client)
        raise _refused(error.code, error.message) from None
    except (SMTPException, OSError) as error:
        raise DispatchFailed(f"The mail server went away: {_reason(error)}.") from None


async def _start_data(client: SMTP) -> None:
    response = await client.execute_command(b"DATA")
    if response.code != _START_INPUT:
        raise SMTPResponseException(response.code, response.message)


async def _write(client: SMTP, data: bytes) -> None:
    """Send everything, and see it off: only the dot may be left for later."""
    for start in range(0, len(data), _CHUNK):
        if client.protocol is None:
            raise ConnectionResetError("the connection was closed")
        client.protocol.write(data[start : start + _CHUNK])
        await _flushed(client)


async def _flushed(client: SMTP) -> None:
    while (transport := client.transport) is not None and not transport.is_closing():
        waiting = getattr(transport, "get_write_buffer_size", int)()
        if not waiting:
            return
        await asyncio.sleep(_LOOK_AGAIN)
    raise ConnectionResetError("the connection was closed")


async def _end(client: SMTP, server: MailServer) -> None:
    """The final dot, and what the server says to it."""
    try:
        response = await _answer_to_the_dot(client)
    except (SMTPException, OSError) as error:
        raise Unanswered(
            f"{_named(server)} did not say whether it took the message: {_reason(error)}."
        ) from None
    if response.code in _REFUSED:
        raise _refused(response.code, response.message)
    if response.code not in _TAKEN:  # RFC 5321, 4.2.1 knows no such answer to the end of a message
        text = f"{response.code} {response.message}"
        raise Unanswered(f"{_named(server)} answered {text!r} to the end of the message.")


async def _answer_to_the_dot(client: SMTP) -> SMTPResponse:
    """Send the dot, see it off, and only then wait for the answer."""
    answer = asyncio.ensure_future(client.execute_command(b"."))
    try:
        await asyncio.sleep(0)  # it is written by now
        with suppress(OSError):  # whether the connection held, the answer tells
            await _flushed(client)
        reach(Edge.DISPATCH_DOT_SENT)
        return await answer
    finally:
        answer.cancel()


def _refused(code: int, message: str) -> DispatchFailed:
    """The server's own words, which may hold anything, as a quoted line."""
    text = " ".join(message.split())[:200]
    return DispatchFailed(
        f"The mail server answered {code} {text!r}.", permanent=code >= _PERMANENT
    )


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())[:200] or type(error).__name__
    return repr(text)


async def _say_goodbye(client: SMTP) -> None:
    """Where the server still listens; what it answers changes nothing."""
    with suppress(SMTPException, OSError, TimeoutError):
        if client.is_connected:
            await client.quit(timeout=_GOODBYE_SECONDS)
