"""Answers to letters, written in the mailbox: a mail as a mail server would hand it to the shop."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64encode
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from typing import TYPE_CHECKING

from .webhooks import post

if TYPE_CHECKING:
    from collections.abc import Callable

    from .mailbox import Letter

TAKEN = range(200, 300)


@dataclass(frozen=True)
class MailDoor:
    """Where the shop takes mail in, and what its reports are signed with. An empty address: nowhere."""

    url: str = ""
    secret: str = ""
    wall: Callable[[], float] = time.time
    send: Callable[[str, bytes, dict[str, str]], int] = post

    def takes(self, letter: Letter) -> bool:
        """Whether an answer to this letter reaches a thread."""
        return bool(self.url) and parseaddr(letter.reply_to)[1].startswith("ask+")

    def reply(self, letter: Letter, text: str) -> bool:
        """Hand an answer over. False: the shop did not take it."""
        answer = _answer(letter, text)
        named = str(answer["Message-ID"])
        raw = b64encode(answer.as_bytes()).decode()
        to = parseaddr(letter.reply_to)[1]
        body = json.dumps({"id": named, "type": "received", "to": to, "raw": raw}).encode()
        second = int(self.wall())
        digest = hmac.new(self.secret.encode(), f"{second}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "Mail-Signature": f"t={second},v1={digest}"}
        try:
            return self.send(self.url, body, headers) in TAKEN
        except OSError:
            return False


def _answer(letter: Letter, text: str) -> EmailMessage:
    """What a mail program makes of an answer: the text, and the letter below it."""
    message = EmailMessage()
    message["From"] = letter.to
    message["To"] = letter.reply_to
    subject = letter.subject
    message["Subject"] = subject if subject.startswith("Re: ") else f"Re: {subject}"
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="mailbox.example")
    if letter.message_id:
        message["In-Reply-To"] = message["References"] = letter.message_id
    quoted = "\n".join(f"> {line}" for line in letter.text.splitlines())
    message.set_content(f"{text}\n\nOn {letter.date}, {parseaddr(letter.sender)[1]} wrote:\n\n{quoted}\n")
    return message
