"""What the studio says of one order: where it stands, and what becomes of it by itself."""

from dataclasses import dataclass
from datetime import datetime

from storefront.rules import charge, words
from storefront.rules.order_words import declined_words

STATES = {
    "placed": ("", "At Stripe"),
    "reserved": ("", "Card saved"),
    "held": ("", "Secured"),
    "paid": ("done", "Paid"),
    "past_due": ("needs", "Needs the buyer"),
    "expired": ("ended", "Not finished"),
    "cancelled": ("ended", "Cancelled"),
    "refunded": ("ended", "Refunded"),
}

# The live ones, as a count of orders reads: "12 with a card saved".
LIVE_WORDS = {"reserved": "card saved", "held": "secured", "past_due": "waiting for buyers", "paid": "paid"}


@dataclass(frozen=True)
class Standing:
    """What the words about one order in the studio depend on; `amount` as a headline says it."""

    state: str
    amount: str
    zone: str
    launch_at: datetime
    launched: bool = False
    granted: bool = False
    opened: bool = False
    leaving: bool = False
    decline: str = ""
    preflight_at: datetime | None = None
    grace_until: datetime | None = None
    session_until: datetime | None = None
    refunded: bool = False


def next_words(order: Standing, now: datetime) -> str:
    """What becomes of an order next, by itself."""
    if order.leaving and order.state not in {"cancelled", "refunded", "expired"}:
        return "Is being cancelled. Nothing new is charged."
    return _NEXT[order.state](order, now)


def _at_stripe(order: Standing, now: datetime) -> str:
    if order.session_until is None or order.session_until <= now:
        return "Stripe is asked how the visit ended."
    return f"The visit ends by itself at {words.clock(order.session_until, order.zone)}."


def _reserved(order: Standing, now: datetime) -> str:
    if order.launched:
        return f"{order.amount} are being charged to the saved card; access follows."
    asked = order.preflight_at or charge.preflight_at(order.launch_at)
    if asked <= now:
        return f"The bank is being asked for {order.amount} now."
    return f"The bank is asked for {order.amount} on {words.day_clock(asked, order.zone)}."


def _held(order: Standing, _now: datetime) -> str:
    if order.granted:
        return f"Has access. {order.amount} are taken now."
    if order.launched:
        return "Access goes out now."
    return f"{order.amount} are taken on {words.day_clock(order.launch_at, order.zone)}."


def _paid(order: Standing, _now: datetime) -> str:
    if order.opened:
        return "Has opened the access link. Nothing more."
    if order.granted:
        return "Has access. The link has not been opened yet."
    if order.launched:
        return "Access goes out now."
    return f"Opens on {words.day_clock(order.launch_at, order.zone)}."


def _past_due(order: Standing, _now: datetime) -> str:
    until = order.grace_until or order.launch_at + charge.GRACE
    said = declined_words(order.decline)
    return f"{said} The buyer was told; price and place are kept until {words.day_clock(until, order.zone)}."


def _ended(order: Standing, _now: datetime) -> str:
    if order.state == "expired":
        return "Nothing more. No card was given, nothing was charged."
    return "Nothing more. " + ("The money went back." if order.refunded else "Nothing was charged.")


_NEXT = {
    "placed": _at_stripe,
    "reserved": _reserved,
    "held": _held,
    "paid": _paid,
    "past_due": _past_due,
    "expired": _ended,
    "cancelled": _ended,
    "refunded": _ended,
}

ATTEMPTS = {
    "customer": "Customer made at Stripe",
    "session": "Visit to Stripe",
    "hold": "Hold",
    "capture": "Capture",
    "charge": "Charge",
    "void": "Hold released",
    "refund": "Refund",
    "detach": "Card forgotten",
}
OUTCOMES = {"done": "Done", "declined": "The bank said no", "failed": "Did not happen", None: "Stripe is being asked"}
LETTERS = {
    "confirmed": "Confirmation",
    "repaired": "Card repaired",
    "moved": "The day moves",
    "access": "Access link",
    "past_due": "Card to repair",
    "cancelled": "Cancelled",
    "refunded": "Money back",
    "address_old": "Address corrected, to the old one",
    "address_new": "Address corrected, to the new one",
}
PEOPLE = {
    "buyer": "the buyer",
    "creator": "the creator",
    "grace": "the end of the grace",
    "stripe": "Stripe",
    "worker": "the worker",
    "move": "the move of the day",
}


def who(kept: str) -> str:
    """Who did it, as the log keeps it ("creator:3"), in words."""
    return PEOPLE.get(kept.split(":", maxsplit=1)[0], kept)
