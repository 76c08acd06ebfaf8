"""What people type, read and checked; what was typed comes back with the error."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

from email_validator import EmailNotValidError, validate_email

from storefront.rules.words import Note

NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
LONGEST = 254
LONGEST_SEEN = 60


@dataclass(frozen=True)
class OrderForm:
    """The one form of a product page."""

    email: str = ""
    consent: bool = False
    nonce: str = ""
    offer_id: int = 0
    seen: str = ""
    ticket: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    note: Note | None = None

    @classmethod
    def empty(cls, chance: Random) -> "OrderForm":
        """A fresh form, with a nonce so that sending it twice is sending it once."""
        return cls(nonce=fresh_nonce(chance))

    @classmethod
    def read(cls, sent: Mapping[str, str], chance: Random, *, consent_needed: bool) -> "OrderForm":
        """What was sent, with what is wrong about it."""
        email, trouble = address(sent.get("email", ""))
        offer = sent.get("offer_id", "")
        form = cls(
            email=email,
            consent=bool(sent.get("consent")),
            nonce=sent_nonce(sent, chance),
            offer_id=int(offer) if offer.isascii() and offer.isdigit() and len(offer) < 10 else 0,  # noqa: PLR2004
            seen=sent.get("seen", "")[:LONGEST_SEEN],
            ticket=sent.get("ticket", "")[:LONGEST],
            errors={"email": trouble} if trouble else {},
        )
        if consent_needed and not form.consent:
            form.errors["consent"] = (
                "Tick this box so that the card may be kept until the day. Without it there is no pre-order."
            )
        return form

    def noted(self, note: Note, offer_id: int) -> "OrderForm":
        """The same form with what changed while it was being filled in."""
        return replace(self, note=note, offer_id=offer_id, consent=False)


def sent_nonce(sent: Mapping[str, str], chance: Random) -> str:
    """A form's nonce as it came back; a fresh one where it is missing or made up."""
    nonce = sent.get("nonce", "")
    return nonce if NONCE.fullmatch(nonce) else fresh_nonce(chance)


def fresh_nonce(chance: Random) -> str:
    """128 bits for one sending of one form."""
    return urlsafe_b64encode(chance.getrandbits(128).to_bytes(16, "big")).decode().rstrip("=")


def address(typed: str) -> tuple[str, str]:
    """An e-mail address in its usual form, and what is wrong with it ("" when nothing is)."""
    typed = typed.strip()
    if not typed:
        return "", "Write your e-mail address: the access link goes there."
    if len(typed) > LONGEST:
        return typed[:LONGEST], "That is longer than an address can be."
    try:
        return validate_email(typed, check_deliverability=False, allow_smtputf8=False).normalized, ""
    except EmailNotValidError:
        return typed, _hint(typed)


def _hint(typed: str) -> str:
    name, at, host = typed.partition("@")
    if not at:
        return "An address has an @ in it, such as miriam@posteo.de."
    if not name:
        return "The part before the @ is missing."
    if "." not in host:
        return "The part after the @ needs an ending, such as posteo.de."
    if not name.isascii():
        return "Before the @ only plain letters reach every mail server: no ü, é or ß."
    return "That does not read as an address. Look for a blank or a comma in it."


def is_one_click(form: Mapping[str, str]) -> bool:
    """Whether a mail program presses a button for its reader (RFC 8058): it wants an answer, not a page."""
    return form.get("List-Unsubscribe") == "One-Click"
