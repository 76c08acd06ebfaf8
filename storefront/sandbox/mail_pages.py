"""The mailbox in the browser, and for programs as /mail.json."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from .templating import page

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from .mailbox import Letter, Mailbox
    from .replies import MailDoor

LETTER = re.compile(r"^/mail/(\d+)(/html|/reply)?$")
# Where a letter's head begins, or just its start: a base goes there, after any doctype.
HEAD = re.compile(r"<head[^>]*>|^(?!.*<head)(\s*<!doctype[^>]*>)?", re.IGNORECASE | re.DOTALL)
LINK = re.compile(r"(https?://[^\s<>\"]+[^\s<>\".,;:!?)])")


class MailPages:
    """Answers /mail/…."""

    def __init__(self, mailbox: Mailbox, door: MailDoor) -> None:
        """Keep the mailbox, and where answers go."""
        self._mailbox = mailbox
        self._door = door

    def respond(self, request: Request) -> Response:
        """Answer one request."""
        to = request.args.get("to", "")
        if request.path == "/mail.json":
            facts = [letter.facts() for letter in self._mailbox.letters(to)]
            return Response(json.dumps(facts), content_type="application/json")
        if request.path in ("/mail", "/mail/"):
            return page("mail.html", letters=self._mailbox.letters(to), to=to)
        match = LETTER.match(request.path)
        letter = self._mailbox.letter(int(match.group(1))) if match else None
        if match is None or letter is None:
            return page("absent.html", 404)
        if match.group(2) == "/html":
            return _framed(letter)
        if match.group(2) and request.method == "POST":
            return self._reply(letter, request.form.get("text", "").strip())
        return self._letter(letter)

    def _letter(self, letter: Letter, typed: str = "", said: str = "") -> Response:
        takes = self._door.takes(letter)
        return page("letter.html", letter=letter, text=linked(letter.text), takes=takes, typed=typed, said=said)

    def _reply(self, letter: Letter, text: str) -> Response:
        """Hand an answer to the shop, as a mail server would."""
        if not (text and self._door.takes(letter)):
            return self._letter(
                letter, text, "Write something first." if not text else "Nobody takes answers to this one."
            )
        if not self._door.reply(letter, text):
            return self._letter(letter, text, "The shop did not take it. Is it running?")
        return self._letter(letter, said="Sent. It stands in the thread of the order.")


def _framed(letter: Letter) -> Response:
    # Shown in a sandboxed frame: no script runs, and links open beside it.
    html = HEAD.sub(r'\g<0><base target="_blank">', letter.html, count=1)
    response = Response(html, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = (
        "sandbox allow-popups allow-popups-to-escape-sandbox; script-src 'none'"
    )
    return response


def linked(text: str) -> Markup:
    """Give a letter's text with its addresses as links."""
    link = Markup('<a href="{0}" target="_blank" rel="noreferrer">{0}</a>')
    parts = enumerate(LINK.split(text))
    return Markup().join(link.format(part) if place % 2 else escape(part) for place, part in parts)
