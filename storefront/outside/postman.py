"""The door for letters: Flask-Mail over SMTP, with the timeout it lacks, one recipient a message."""

import smtplib
from dataclasses import dataclass
from email.utils import formataddr
from types import TracebackType
from typing import Self

from flask_mail import Connection, Mail, Message

TIMEOUT = 15
PERMANENT = range(500, 600)


@dataclass(frozen=True)
class Envelope:
    """A letter ready to go: plain text and HTML of equal content."""

    to: str
    sender_name: str
    reply_to: str
    subject: str
    text: str
    html: str
    message_id: str


class NotAccepted(Exception):
    """The mail server did not take the letter.

    `final`: it never will take it for this address. `broken`: the connection itself is of no use any more.
    """

    def __init__(self, sentence: str, *, final: bool = False, broken: bool = False) -> None:
        super().__init__(sentence)
        self.final = final
        self.broken = broken


class _Connection(Connection):
    """Flask-Mail 0.10 opens SMTP without a timeout: a silent server would stop the worker for ever."""

    def configure_host(self) -> smtplib.SMTP:
        """Connect as the settings say, and give up after 15 seconds of silence."""
        host = smtplib.SMTP(self.mail.server, self.mail.port, timeout=TIMEOUT)
        if self.mail.use_tls:
            host.starttls()
        if self.mail.username and self.mail.password:
            host.login(self.mail.username, self.mail.password)
        return host


class Postman:
    """Sends over one connection while it is open: `with postman: postman.post(...)`. One per thread."""

    def __init__(self, mail: Mail, sender: str) -> None:
        self._mail = mail
        self._sender = sender
        self._connection: _Connection | None = None

    def __enter__(self) -> Self:
        connection = _Connection(self._mail)
        try:
            connection.__enter__()
        except (OSError, smtplib.SMTPException) as error:
            raise NotAccepted(f"The mail server does not answer: {error}", broken=True) from error
        self._connection = connection
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is None or connection.host is None:
            return
        try:
            connection.host.quit()
        except (OSError, smtplib.SMTPException):
            connection.host.close()

    def post(self, envelope: Envelope) -> None:
        """Hand one letter over. Raises NotAccepted; returning means that the server has taken it."""
        if self._connection is None:
            raise NotAccepted("The mail server is not connected.", broken=True)
        try:
            self._connection.send(self._message(envelope))
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            raise NotAccepted(f"The address was refused: {error}", final=code in PERMANENT) from error
        except smtplib.SMTPResponseException as error:
            final = error.smtp_code in PERMANENT
            raise NotAccepted(f"The letter was refused: {error}", final=final) from error
        except (OSError, smtplib.SMTPException) as error:
            raise NotAccepted(f"The mail server failed: {error}", broken=True) from error

    def _message(self, envelope: Envelope) -> Message:
        message = Message(
            subject=envelope.subject,
            recipients=[envelope.to],
            body=envelope.text,
            html=envelope.html,
            reply_to=envelope.reply_to,
            sender=formataddr((envelope.sender_name, self._sender)),
        )
        message.msgId = envelope.message_id
        return message
