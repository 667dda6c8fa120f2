"""A real SMTP server on the loopback that does as it is told, and logs before it answers."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
USER, PASSWORD = "syncer", "correct horse battery"


@dataclass
class Mail:
    """What arrived: the envelope, and the data with its dots unstuffed."""

    sender: str
    recipient: str
    data: bytes

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.data, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def part(self, subtype: str) -> str:
        body = self.message.get_body((subtype,))
        assert body is not None
        text: str = body.get_content()
        return text


@dataclass
class Sink:
    """The script and the log. Answers are taken from the front; empty: everything is taken.

    While `answers` is not set, the answer to the dot does not come; `deaf` closes the connection
    instead of it.
    """

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    connections: int = 0
    data_answers: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    deaf: bool = False
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    def recipients(self) -> list[str]:
        return sorted(mail.recipient for mail in self.mails)

    async def handle_RCPT(  # noqa: N802  aiosmtpd calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  aiosmtpd calls it so
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        answer = self.data_answers.pop(0) if self.data_answers else "250 OK"
        if answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            assert envelope.mail_from is not None
            (recipient,) = envelope.rcpt_tos
            self.mails.append(Mail(envelope.mail_from, recipient, content))
        if self.deaf:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        await self.answers.wait()
        return answer


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
    good = (USER.encode(), PASSWORD.encode())
    given = (data.login, data.password) if isinstance(data, LoginPassword) else None
    return AuthResult(success=given == good, handled=given == good)


@asynccontextmanager
async def running_sink(
    *,
    certificate: Path | None = None,
    implicit: bool = False,
    auth: bool = False,
) -> AsyncGenerator[Sink]:
    """A sink on a free port: with a certificate by STARTTLS, or with TLS from the start."""
    sink = Sink()
    sink.answers.set()
    context = server_context(certificate) if certificate else None
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        sink.connections += 1
        with warnings.catch_warnings(action="ignore"):  # it does not know of TLS from the start
            return SMTP(
                sink,
                loop=loop,
                tls_context=None if implicit else context,
                require_starttls=context is not None and not implicit,
                authenticator=_authenticate if auth else None,
                auth_required=auth,
                auth_require_tls=not implicit,
                hostname="sink.example",
            )

    server = await loop.create_server(session, HOST, 0, ssl=context if implicit else None)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        sink.answers.set()
        server.close()
        await asyncio.sleep(0.05)  # connections that hang see it and end


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def make_certificate(folder: Path, *, address: str = HOST, days: int = 2) -> Path:
    """A certificate that signs itself, for an address, with its key in the same PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink.example")])
    now = datetime.now(UTC)
    names: Sequence[x509.GeneralName] = [x509.IPAddress(ip_address(address))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    written = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(pem)
    path = folder / f"certificate-{address}-{days}.pem"
    path.write_bytes(written)
    return path
