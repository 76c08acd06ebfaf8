"""The mailbox: letters arrive over SMTP, lie as .eml files, and are read in the browser."""

from __future__ import annotations

import email
import email.policy
import threading
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from email.utils import getaddresses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Letter:
    """One letter as its reader sees it."""

    n: int
    to: str
    sender: str
    subject: str
    date: str
    message_id: str
    text: str
    html: str
    list_unsubscribe: str
    reply_to: str
    headers: tuple[tuple[str, str], ...]
    recipients: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        """Give what /mail.json shows."""
        facts = asdict(self)
        facts["from"] = facts.pop("sender")
        del facts["headers"], facts["recipients"]
        return facts


class Mailbox:
    """A folder of numbered letters; without a folder they are kept in memory."""

    def __init__(self, folder: Path | None) -> None:
        """Open the folder; letters of earlier runs stay."""
        self._folder = folder
        self._lock = threading.Lock()
        self._letters: dict[int, Letter] = {}
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.glob("*.eml"):
                if path.stem.isdigit():
                    self._letters[int(path.stem)] = read(int(path.stem), path.read_bytes())

    def put(self, sender: str, recipients: list[str], content: bytes) -> int:
        """Keep a letter; it is on disk before this returns. Gives its number."""
        trace = [f"Return-Path: <{sender}>", *(f"Delivered-To: {to}" for to in recipients)]
        raw = "".join(f"{line}\r\n" for line in trace).encode() + content
        with self._lock:
            n = max(self._letters, default=0) + 1
            if self._folder:
                draft = self._folder / f"{n}.part"
                draft.write_bytes(raw)
                draft.rename(self._folder / f"{n}.eml")
            self._letters[n] = read(n, raw)
        return n

    def letters(self, to: str = "") -> list[Letter]:
        """Give the letters, newest first; of one address, if it is named."""
        with self._lock:
            found = sorted(self._letters.values(), key=lambda letter: -letter.n)
        wanted = to.lower()
        return [letter for letter in found if not wanted or wanted in letter.recipients]

    def letter(self, n: int) -> Letter | None:
        """Give one letter."""
        return self._letters.get(n)

    def forget(self) -> None:
        """Throw every letter away."""
        with self._lock:
            self._letters.clear()
            if self._folder:
                for path in self._folder.glob("*.eml"):
                    path.unlink()


class Postbox:
    """What aiosmtpd calls for each letter that arrives."""

    def __init__(self, mailbox: Mailbox) -> None:
        """Keep the mailbox."""
        self._mailbox = mailbox

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse nobody@…, as a mail server refuses an address that is not there."""
        del server, session, options
        if address.lower().startswith("nobody@"):
            return "550 5.1.1 There is nobody of that name here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Accept a letter once it is kept."""
        del server, session
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        sender = envelope.mail_from or ""
        n = self._mailbox.put(sender, [str(to) for to in envelope.rcpt_tos], raw)
        return f"250 OK, kept as letter {n}"


def read(n: int, raw: bytes) -> Letter:
    """Read a letter's file."""
    message = email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)
    fields = ("To", "Delivered-To", "Cc")
    named = getaddresses([str(value) for field in fields for value in message.get_all(field, [])])
    return Letter(
        n=n,
        to=str(message.get("To", "")),
        sender=str(message.get("From", "")),
        subject=str(message.get("Subject", "")),
        date=str(message.get("Date", "")),
        message_id=str(message.get("Message-ID", "")),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        list_unsubscribe=str(message.get("List-Unsubscribe", "")),
        reply_to=str(message.get("Reply-To", "")),
        headers=tuple((name, str(value)) for name, value in message.items()),
        recipients=tuple({address.lower() for _, address in named if address}),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    content = part.get_content() if isinstance(part, EmailMessage) else ""
    return content if isinstance(content, str) else ""
