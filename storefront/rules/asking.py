"""Questions about an order: what a message may be, and the addresses under which mail finds its thread."""

import hmac
import re
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

LONGEST = 4000
MOST_AN_HOUR = 10
HOUR = timedelta(hours=1)
# The part before the @ is at most 64 characters, and mail servers may write it in small letters.
REPLY = re.compile(r"ask\+([bc])(\d{1,18})\.(\d{1,9})-([a-z2-7]{32})@(.{1,253})", re.IGNORECASE)
# What opens an order, a grant, a place or a thread, as people quote it from our letters: only they may have it.
OPENS = re.compile(
    r"(?:https?://[^\s/]{1,253})?/(?:orders|access|waiting|news)/[A-Za-z0-9_-]{32}(?![A-Za-z0-9_-])(?:/[a-z]{1,20})*"
    r"|ask\+[bc]\d{1,18}\.\d{1,9}-[a-z2-7]{32}@[^\s<>\"]{1,253}",
    re.IGNORECASE,
)
LEFT_OUT = "(link left out)"


@dataclass(frozen=True)
class Reply:
    """Whose answer an address takes ("buyer" or "creator"), to which order, and of which generation of its link."""

    side: str
    order_id: int
    generation: int


def reply_address(key: str, host: str, reply: Reply) -> str:
    """The address of a thread for one of its sides: unguessable, derived, never stored."""
    mark = f"{reply.side[0]}{reply.order_id}.{reply.generation}"
    return f"ask+{mark}-{_proof(key, mark)}@{host}"


def _proof(key: str, mark: str) -> str:
    digest = hmac.new(key.encode(), f"reply·{mark}".encode(), sha256).digest()
    return b32encode(digest[:20]).decode().lower()


def read_address(keys: Sequence[str], host: str, address: str) -> Reply | None:
    """What an address of ours names; None for any other, also one that was made up."""
    found = REPLY.fullmatch(address.strip())
    if found is None or found[5].lower() != host.lower():
        return None
    mark, proof = f"{found[1].lower()}{found[2]}.{found[3]}", found[4].lower()
    if not any(hmac.compare_digest(_proof(key, mark), proof) for key in keys):
        return None
    return Reply("buyer" if mark[0] == "b" else "creator", int(found[2]), int(found[3]))


def tidy(text: str) -> str:
    """A message as it is kept: signs that can be seen, lines and paragraphs, nothing around them, no link that opens."""
    lines = OPENS.sub(LEFT_OUT, text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    seen = ("".join(each for each in line.expandtabs(4) if each.isprintable()).rstrip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(seen)).strip()


def refuse(text: str, lately: int = 0) -> str:
    """Why a message cannot be sent, in a sentence; "" when it can. `lately`: messages of this hour."""
    if not text:
        return "Write what you would like to know."
    if len(text) > LONGEST:
        return f"That is {len(text):,} characters. Send {LONGEST:,} at most; the rest can follow in a second message."
    if lately >= MOST_AN_HOUR:
        return "Ten messages in one hour reached us. Send the next one a little later; nothing of this one is lost."
    return ""


@dataclass(frozen=True)
class Said:
    """What one message does to a thread: `asks` opens it, an answer (`by_creator`) ends it."""

    at: datetime
    asks: bool
    by_creator: bool


def open_since(messages: Sequence[Said]) -> datetime | None:
    """Since when a question waits: the first one after the last answer; None where none does."""
    since: datetime | None = None
    for each in messages:
        if each.by_creator:
            since = None
        elif each.asks and since is None:
            since = each.at
    return since
