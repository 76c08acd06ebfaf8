"""What the mail server reports of letters: signed, one event a request, in a small format of ours.

A provider's own format is turned into it by an adapter (docs/operations.md): `id` (the provider's, unique), `type`, and
what the type needs. The Message-ID `<letter-12.1@host>` names the letter an event is about.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

TOLERANCE = timedelta(seconds=300)
SIGNED = re.compile(r"t=([1-9]\d{0,11}),v1=([0-9a-f]{64})")
NAMED = re.compile(r"<?letter-(\d{1,18})\.(\d{1,18})@[^\s>]{1,253}>?")
LONGEST_NAME = 120


class NotOurs(Exception):
    """A report that is not signed as agreed, not now, or not in the format; the message says which."""


@dataclass(frozen=True)
class News:
    """One event. `payload` is the whole of it, as it was signed."""

    id: str
    type: str
    payload: dict[str, Any] = field(repr=False)


def sign(secret: str, body: bytes, second: int) -> str:
    """The header `Mail-Signature` of a body: HMAC-SHA256 over `second.body` in hex."""
    return f"t={second},v1={_digest(secret, body, second)}"


def _digest(secret: str, body: bytes, second: int) -> str:
    return hmac.new(secret.encode(), f"{second}.".encode() + body, hashlib.sha256).hexdigest()


def read(secret: str, body: bytes, signature: str, wall: datetime) -> News:
    """The event in a body. `wall` is wall time. Raises NotOurs for a wrong signature, one that is more than 300 seconds
    old or ahead, and what is no event.
    """
    found = SIGNED.fullmatch(signature)
    if not found or not hmac.compare_digest(_digest(secret, body, int(found[1])), found[2]):
        raise NotOurs("the signature does not fit")
    if abs(int(found[1]) - wall.timestamp()) > TOLERANCE.total_seconds():
        raise NotOurs("signed more than 300 seconds from now")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotOurs("it is not JSON") from error
    return _news(data)


def _news(data: object) -> News:
    if not isinstance(data, dict):
        raise NotOurs("an event is a JSON object")
    if not (_is_name(data.get("id")) and _is_name(data.get("type"))):
        raise NotOurs("an event has an id and a type, of at most 120 characters each")
    return News(data["id"], data["type"], data)


def _is_name(given: object) -> bool:
    return isinstance(given, str) and 0 < len(given) <= LONGEST_NAME and given.isprintable()


def letter_of(message_id: object) -> tuple[int, int] | None:
    """Letter and version a Message-ID of ours names, with or without its brackets; None for any other."""
    found = NAMED.fullmatch(message_id.strip()) if isinstance(message_id, str) else None
    return (int(found[1]), int(found[2])) if found else None


def word(payload: dict[str, Any], name: str, longest: int = 300) -> str:
    """A field of an event as one line of signs that can be seen; "" where it is absent or no text."""
    given = payload.get(name)
    line = " ".join(given.split()) if isinstance(given, str) else ""
    return "".join(each for each in line if each.isprintable())[:longest]


def instant(payload: dict[str, Any], name: str) -> datetime | None:
    """A field of an event as an instant; None where it is absent, not ISO 8601, or without a zone."""
    try:
        at = datetime.fromisoformat(word(payload, name))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
