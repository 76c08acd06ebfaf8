"""Mail that people send us, read for what they wrote: no quotations, no signature, no files, no machine's answer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from html.parser import HTMLParser

from mailparser_reply import EmailReplyParser

LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "da", "sv", "pl", "cs"]
MACHINE_PRECEDENCE = {"bulk", "junk", "list", "auto_reply"}
MACHINE_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id")
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,240}>")
LONGEST_NAME, MOST_FILES = 120, 20
# More than a message may have; the parser of replies takes seconds for long texts made to hurt it.
LONGEST_READ = 6000
BLOCKS = {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "blockquote", "table", "ul", "ol", "pre"}
UNSEEN = {"style", "script", "head", "title"}


@dataclass(frozen=True)
class Incoming:
    """A mail as read: `text` without quotation and signature; `machine`: why nobody wrote it, or ""."""

    sender: str
    message_id: str
    text: str
    files: tuple[str, ...]
    machine: str


class Unreadable(Exception):
    """It is no mail."""


def read(raw: bytes) -> Incoming:
    """Read a mail (RFC 5322). Raises Unreadable; broken charsets and parts are read as well as they go."""
    message = message_from_bytes(raw, policy=default)
    if not isinstance(message, EmailMessage) or not message.keys():
        raise Unreadable("it has no head")
    return Incoming(
        sender=parseaddr(_head(message, "From"))[1].lower(),
        message_id=_named(_head(message, "Message-ID")),
        text=latest(_text(message)),
        files=tuple(_files(message)),
        machine=_machine(message),
    )


def _named(message_id: str) -> str:
    """A Message-ID as it can be named again in a header; "" for what is none."""
    return message_id if MESSAGE_ID.fullmatch(message_id) else ""


def _head(message: EmailMessage, name: str) -> str:
    """A header as a line; "" where it is absent or cannot be read."""
    try:
        return " ".join(str(message[name] or "").split())
    except (ValueError, LookupError, IndexError, AttributeError, TypeError):  # what the parser of headers trips over
        return ""


def _machine(message: EmailMessage) -> str:
    """Why it is nobody's letter (RFC 3834): answers of machines, lists, and letters that came back."""
    automatic = _head(message, "Auto-Submitted").lower()
    if automatic and automatic != "no":
        return "an answer of a machine"
    if _head(message, "Precedence").lower() in MACHINE_PRECEDENCE or any(message[name] for name in MACHINE_HEADERS):
        return "an answer of a machine, or of a list"
    if message.get_content_type() in {"multipart/report", "message/delivery-status"}:
        return "a letter that came back"
    return "it has an empty sender" if _head(message, "Return-Path") == "<>" else ""


def _text(message: EmailMessage) -> str:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    found = _content(plain) if isinstance(plain, EmailMessage) else ""
    return found if found.strip() or not isinstance(html, EmailMessage) else of_html(_content(html))


def _content(part: EmailMessage) -> str:
    """A part's text, whatever it says of its charset."""
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    try:
        return raw.decode(part.get_content_charset() or "utf-8", errors="replace")
    except LookupError:
        return raw.decode("utf-8", errors="replace")


def _files(message: EmailMessage) -> Iterator[str]:
    for _, part in zip(range(MOST_FILES), message.iter_attachments(), strict=False):
        try:
            name = part.get_filename() or ""
        except (ValueError, LookupError, AttributeError, TypeError):
            name = ""
        yield "".join(each for each in name if each.isprintable())[:LONGEST_NAME] or part.get_content_type()


class _Plain(HTMLParser):
    """The words of a page, block by block, without what was quoted."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in UNSEEN:
            self.unseen += 1
        if tag in BLOCKS:
            self.words.append("\n\n" if tag == "p" else "\n")
        if tag == "blockquote":
            self.words.append("> ")

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self.unseen = max(self.unseen - 1, 0)
        if tag in BLOCKS and tag != "br":
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.words.append(re.sub(r"\s+", " ", data))


def of_html(html: str) -> str:
    """The words of an HTML mail as plain text; nothing of it is ever shown as HTML."""
    page = _Plain()
    page.feed(html)
    page.close()
    return "".join(page.words).strip()


def latest(text: str) -> str:
    """What was written last: without the letter it answers, and without the signature below."""
    whole = text.replace("\r\n", "\n").replace("\x00", "").strip()[:LONGEST_READ]
    found = EmailReplyParser(languages=LANGUAGES).parse_reply(text=whole) if whole else ""
    return _without_ends((found or "").strip() or whole)


def _without_ends(text: str) -> str:
    """Without a signature below its dashes, and without quoted lines at the end; what stands between words stays."""
    lines = re.split(r"^-- ?$", text, maxsplit=1, flags=re.MULTILINE)[0].rstrip().split("\n")
    while lines and (lines[-1].startswith(">") or not lines[-1].strip()):
        lines.pop()
    return "\n".join(lines).strip() or text
