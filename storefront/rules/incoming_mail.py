"""Mail that people send us, read for what they wrote: no quotations, no signature, no files, no machine's answer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

from mailparser_reply import EmailReplyParser

from storefront.rules.html_words import of_html

LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "da", "sv", "pl", "cs"]
MACHINE_PRECEDENCE = {"bulk", "junk", "list", "auto_reply", "auto-reply"}
MACHINE_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id")
MAIL_SERVERS = {"mailer-daemon", "postmaster"}
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,240}>")
LONGEST_NAME, MOST_FILES = 120, 20
# More than a message may have; the parser of replies takes seconds for long texts made to hurt it.
LONGEST_READ = 6000
# Parts within parts: each line is compared with the boundaries of all of them.
BOUNDARY, MOST_BOUNDARIES = re.compile(rb"boundary\*?\d*\*?\s*=", re.IGNORECASE), 50
QUOTED = re.compile(r"^[ ]?>")
RULED = re.compile(r"[-_=*]{5,}(?: ?[\w ]+ ?[-_=*]{5,})?")
INTRODUCES = re.compile(r"<[^<>\s]+@[^<>\s]+>|\b\d{1,2}[:.]\d{2}\b")
LONGEST_INTRODUCTION = 300


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
    if len(BOUNDARY.findall(raw)) > MOST_BOUNDARIES:
        raise Unreadable("it has too many parts")
    try:
        message = message_from_bytes(raw, policy=default)
        if not isinstance(message, EmailMessage) or not message.keys():
            raise Unreadable("it has no head")
        return _read(message)
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError) as error:  # of the library's parsers
        raise Unreadable("it cannot be taken apart") from error


def _read(message: EmailMessage) -> Incoming:
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
    """A header as a line of signs that can be seen; "" where it is absent or cannot be read."""
    try:
        return _seen(" ".join(str(message[name] or "").split()))
    except (ValueError, LookupError, IndexError, AttributeError, TypeError):  # what the parser of headers trips over
        return ""


def _seen(line: str) -> str:
    return "".join(each for each in line if each.isprintable())


def _machine(message: EmailMessage) -> str:
    """Why it is nobody's letter (RFC 3834): answers of machines, lists, and letters that came back."""
    automatic = _head(message, "Auto-Submitted").lower()
    if automatic and automatic != "no":
        return "an answer of a machine"
    if _head(message, "Precedence").lower() in MACHINE_PRECEDENCE or any(message[name] for name in MACHINE_HEADERS):
        return "an answer of a machine, or of a list"
    sender = parseaddr(_head(message, "From"))[1].lower().partition("@")[0]
    if message.get_content_type() in {"multipart/report", "message/delivery-status"} or sender in MAIL_SERVERS:
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
    except (LookupError, ValueError):  # there is none of that name, or it is none for text
        return raw.decode("utf-8", errors="replace")


def _files(message: EmailMessage) -> Iterator[str]:
    for _, part in zip(range(MOST_FILES), message.iter_attachments(), strict=False):
        try:
            name = part.get_filename() or ""
        except (ValueError, LookupError, AttributeError, TypeError):
            name = ""
        yield _seen(name)[:LONGEST_NAME] or _seen(part.get_content_type())[:LONGEST_NAME]


def latest(text: str) -> str:
    """What was written last: without the letter it answers, and without the signature below.

    Whoever answers between the quoted lines is kept with them: nothing that was written is lost.
    """
    whole = text.replace("\r\n", "\n").replace("\x00", "").strip()[:LONGEST_READ]
    found = EmailReplyParser(languages=LANGUAGES).parse_reply(text=whole) if whole else ""
    reply = (found or "").strip()
    if not reply or _goes_on(whole.partition(reply)[2]):
        reply = whole
    return _without_ends(reply)


def _goes_on(rest: str) -> bool:
    """Whether something was written between quoted lines, or below them."""
    lines = re.split(r"^-- ?$", rest, maxsplit=1, flags=re.MULTILINE)[0].split("\n")
    quoted = next((at for at, line in enumerate(lines) if QUOTED.match(line)), len(lines))
    return any(line.strip() and not QUOTED.match(line) for line in lines[quoted:])


def _without_ends(text: str) -> str:
    """Without a signature below its dashes, quoted lines at the end, and the line that introduces them."""
    lines = re.split(r"^-- ?$", text, maxsplit=1, flags=re.MULTILINE)[0].rstrip().split("\n")
    quoted = bool(lines) and bool(QUOTED.match(lines[-1]))
    while lines and (QUOTED.match(lines[-1]) or RULED.fullmatch(lines[-1].strip()) or not lines[-1].strip()):
        lines.pop()
    return _without_introduction("\n".join(lines).strip(), quoted=quoted) or text


def _without_introduction(text: str, *, quoted: bool) -> str:
    """Without "10 May 2027, 10:00, Ines <ines@…>:" in whatever language above what was quoted."""
    before, _, last = text.rpartition("\n\n")
    introduces = last.endswith((":", "\N{FULLWIDTH COLON}")) and INTRODUCES.search(last)
    return before.strip() if quoted and introduces and len(last) <= LONGEST_INTRODUCTION else text
