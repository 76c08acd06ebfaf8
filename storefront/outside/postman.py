"""The door for letters: Flask-Mail over SMTP, with the timeout it lacks, one recipient a message."""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.charset import QP, Charset
from email.headerregistry import Address
from email.mime.base import MIMEBase
from email.mime.text import MIMEText
from email.policy import SMTP, EmailPolicy
from email.utils import parseaddr
from types import TracebackType
from typing import Self

from flask_mail import BadHeaderError, Connection, Mail, Message

from storefront.rules.channels import is_address_fault

TIMEOUT = 15.0
PERMANENT = range(500, 600)
CLOSING = 421
WELCOME = range(200, 300)
# Never 8-bit: a server may refuse lines of more than 998 bytes, and a creator's sentence may be one.
QUOTED = Charset("utf-8")
QUOTED.body_encoding = QP


@dataclass(frozen=True)
class Envelope:
    """A letter ready to go: plain text and HTML of equal content. `at` is its date, `answers` the thread.

    `unsubscribe`: where one click ends letters of this kind; marketing has one, and nothing else.
    """

    to: str
    sender_name: str
    reply_to: str
    subject: str
    text: str
    html: str
    message_id: str
    at: datetime
    answers: tuple[str, ...] = ()
    unsubscribe: str = ""


class NotAccepted(Exception):
    """The mail server did not take the letter.

    `final`: it never will take it for this address; `address`: because of the address. `broken`: the connection is of no use any more.
    `silent`: there was no connection at all.
    """

    def __init__(
        self, sentence: str, *, final: bool = False, address: bool = False, broken: bool = False, silent: bool = False
    ) -> None:
        super().__init__(sentence)
        self.final = final
        self.address = address
        self.broken = broken
        self.silent = silent


class _Heads(EmailPolicy):
    """The standard library writes a long address or Message-ID as an encoded word, which no mail program takes apart.

    Such fields are broken between their words only (RFC 5322 2.2.3, RFC 8058 3.1).
    """

    WHOLE = frozenset({"list-unsubscribe", "message-id", "in-reply-to", "references"})

    def fold_binary(self, name: str, value: str) -> bytes:
        """A field as it travels."""
        if name.lower() not in self.WHOLE:
            return super().fold_binary(name, value)
        return f"{name}: {(self.linesep + ' ').join(value.split())}{self.linesep}".encode("ascii")


HEADS = _Heads(linesep=SMTP.linesep, max_line_length=SMTP.max_line_length)


class _Message(Message):
    """A Flask-Mail message whose parts travel in seven bits, in short lines, and whose names survive the way."""

    sender_name = ""

    def _message(self) -> MIMEBase:
        """Flask-Mail breaks long names in other scripts, and names with a comma: the standard library writes them."""
        message = super()._message()
        del message["From"], message["Subject"]
        message["From"] = str(Address(self.sender_name, addr_spec=str(self.sender)))
        message["Subject"] = self.subject
        message.policy = HEADS
        return message

    def _mimetext(self, text: str | None, subtype: str = "plain") -> MIMEText:
        part = MIMEText("", subtype, "us-ascii")
        del part["Content-Transfer-Encoding"]
        part.set_payload(text or "", QUOTED)
        return part


class _Connection(Connection):
    """Flask-Mail 0.10 opens SMTP without a timeout: a silent server would stop the worker for ever."""

    def __init__(self, mail: Mail, seconds: float) -> None:
        super().__init__(mail)
        self.seconds = seconds

    def configure_host(self) -> smtplib.SMTP:
        """Connect as the settings say; each answer may take so many seconds. The certificate must be good."""
        host = smtplib.SMTP(self.mail.server, self.mail.port, timeout=self.seconds)
        try:
            if self.mail.use_tls:
                host.starttls(context=ssl.create_default_context())
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
        except BaseException:
            host.close()
            raise
        return host


class Postman:
    """Sends over one connection while it is open: `with postman: postman.post(...)`. One per thread."""

    def __init__(self, mail: Mail, sender: str, seconds: float = TIMEOUT) -> None:
        self._mail = mail
        self._sender = parseaddr(sender)[1]
        self._seconds = seconds
        self._connection: _Connection | None = None

    def __enter__(self) -> Self:
        connection = _Connection(self._mail, self._seconds)
        try:
            connection.__enter__()
        except (OSError, smtplib.SMTPException) as error:
            raise NotAccepted(f"The mail server does not answer: {error}", broken=True, silent=True) from error
        self._connection = connection
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is None or connection.host is None:
            return
        try:
            if error is None:
                connection.host.quit()
        except (OSError, smtplib.SMTPException):
            return
        finally:
            connection.host.close()

    def knock(self) -> str:
        """Whether letters would be taken: connect, greet, and post nothing. "" if so, else what the server said.

        Over a connection of its own, so that it disturbs nobody who is posting.
        """
        try:
            host = _Connection(self._mail, self._seconds).configure_host()
        except (OSError, smtplib.SMTPException) as error:
            return f"The mail server does not answer: {error}"
        try:
            host.ehlo_or_helo_if_needed()
            code, said = host.noop()
            host.quit()
        except (OSError, smtplib.SMTPException) as error:
            return f"The mail server failed: {error}"
        finally:
            host.close()
        return "" if code in WELCOME else f"It answers {code} {said.decode(errors='replace')}"

    def post(self, envelope: Envelope) -> None:
        """Hand one letter over. Raises NotAccepted; returning means that the server has taken it."""
        if self._connection is None:
            raise NotAccepted("The mail server is not connected.", broken=True, silent=True)
        if not envelope.to.rpartition("@")[0].isascii():
            raise NotAccepted(
                "An address with signs beyond ASCII before the @ cannot be written to.", final=True, address=True
            )
        try:
            self._connection.send(self._message(envelope))
        except smtplib.SMTPRecipientsRefused as error:
            code, reason = next(iter(error.recipients.values()))
            raise _refused("address", code, reason) from error
        except smtplib.SMTPSenderRefused as error:
            raise _refused("sender", error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPResponseException as error:
            raise _refused("letter", error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPNotSupportedError, BadHeaderError, UnicodeError) as error:
            raise NotAccepted(f"The address cannot be written to: {error}", final=True, address=True) from error
        except (OSError, smtplib.SMTPException) as error:
            raise NotAccepted(f"The mail server failed: {error}", broken=True) from error

    def _message(self, envelope: Envelope) -> Message:
        message = _Message(
            subject=_one_line(envelope.subject),
            recipients=[envelope.to],
            body=envelope.text,
            html=envelope.html,
            reply_to=envelope.reply_to,
            sender=self._sender,
            date=envelope.at.timestamp(),
            extra_headers=_headers(envelope),
        )
        message.msgId = envelope.message_id
        message.sender_name = _one_line(envelope.sender_name)
        return message


def _headers(envelope: Envelope) -> dict[str, str]:
    """Holiday answers stay away (RFC 3834); mail programs find the thread (RFC 5322)."""
    headers = {"Auto-Submitted": "auto-generated"}
    if envelope.answers:
        headers |= {"In-Reply-To": envelope.answers[-1], "References": " ".join(envelope.answers)}
    if envelope.unsubscribe:  # RFC 8058: mail programs post there for their readers
        headers |= {
            "List-Unsubscribe": f"<{envelope.unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    return headers


def _refused(what: str, code: int, reason: bytes | str) -> NotAccepted:
    said = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    sentence = f"The {what} was refused: {code} {said}"
    final = code in PERMANENT
    address = final and what != "sender" and is_address_fault(code, said)
    return NotAccepted(sentence, final=final, address=address, broken=code == CLOSING)


def _one_line(text: str) -> str:
    """A header is one line of signs that can be seen: nobody smuggles in another header with a name."""
    return "".join(each for each in " ".join(text.split()) if each.isprintable())
