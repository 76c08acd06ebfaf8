"""A real mail server in the test's hand: what it takes, whom it refuses, when it drops the line; and one that is silent."""

import email
import email.policy
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.ports import free_port


@dataclass(frozen=True)
class Taken:
    """A letter that was accepted."""

    to: str
    sender: str
    raw: bytes
    message: EmailMessage

    def part(self, kind: str) -> str:
        """The text ("plain") or HTML part, decoded."""
        body = self.message.get_body((kind,))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")


@dataclass
class MailServer:
    """Accepts everything, unless it is told to answer an address otherwise or to hang up on it."""

    taken: list[Taken] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    refuses_words_to: dict[str, str] = field(default_factory=dict)
    hangs_up_on: set[str] = field(default_factory=set)
    on_data: Callable[[], None] = lambda: None
    connections: int = 0
    port: int = field(default_factory=free_port)

    async def handle_EHLO(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (likewise)
        to = envelope.rcpt_tos[0]
        if to in self.hangs_up_on:
            assert server.transport is not None
            server.transport.close()
            return "421 gone"
        if to in self.refuses_words_to:
            return self.refuses_words_to[to]
        self.on_data()
        assert isinstance(envelope.content, bytes)
        raw = envelope.content
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(Taken(to, envelope.mail_from or "", raw, message))
        return "250 taken"

    def to(self, address: str) -> list[Taken]:
        """What an address got, oldest first."""
        return [each for each in self.taken if each.to == address]


@contextmanager
def running(server: MailServer) -> Iterator[MailServer]:
    """A server that listens while the block runs."""
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


@contextmanager
def silence(greeting: bytes = b"") -> Iterator[int]:
    """A server that accepts a connection, says at most its greeting, and then nothing; its port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        visitors: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    visitor, _ = door.accept()
                except OSError:
                    return
                visitors.append(visitor)
                visitor.sendall(greeting)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield int(door.getsockname()[1])
        door.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for each in visitors:
            each.close()
