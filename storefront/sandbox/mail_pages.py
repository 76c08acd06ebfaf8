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

LETTER = re.compile(r"^/mail/(\d+)(/html)?$")
# Where a letter's head begins, or just its start: a base goes there, after any doctype.
HEAD = re.compile(r"<head[^>]*>|^(?!.*<head)(\s*<!doctype[^>]*>)?", re.IGNORECASE | re.DOTALL)
LINK = re.compile(r"(https?://[^\s<>\"]+[^\s<>\".,;:!?)])")


class MailPages:
    """Answers /mail/…."""

    def __init__(self, mailbox: Mailbox) -> None:
        """Keep the mailbox."""
        self._mailbox = mailbox

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
        return _framed(letter) if match.group(2) else _letter(letter)


def _letter(letter: Letter) -> Response:
    return page("letter.html", letter=letter, text=linked(letter.text))


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
