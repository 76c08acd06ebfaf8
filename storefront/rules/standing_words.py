"""What the studio says of one order: where it stands, and what becomes of it by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storefront.rules import charge, words
from storefront.rules.decline_words import No
from storefront.rules.words import red

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
    decline_class: str = ""
    next_try_at: datetime | None = None
    disputed: bool = False
    dispute_lost: bool = False
    lost_before: bool = False
    owed: str = ""
    card_ends: bool = False
    preflight_at: datetime | None = None
    grace_until: datetime | None = None
    session_until: datetime | None = None
    refunded: bool = False
    waits: bool = False


def next_words(order: Standing, now: datetime) -> str:
    """What becomes of an order next, by itself."""
    if order.owed:
        return f"{order.owed} did not reach the buyer. Refund it again, or pay it by other means and note it here."
    if order.leaving and order.state not in {"cancelled", "refunded", "expired"}:
        return "Is being cancelled. Nothing new is charged."
    if order.dispute_lost:
        return "The bank gave the money back to the buyer, and access has ended. Nothing more."
    if order.lost_before:
        return "Access ended when the bank first decided for the buyer. That was appealed; access stays ended."
    if order.disputed:
        return "The buyer’s bank asks for the money back. Access is paused until it has decided."
    return _NEXT[order.state](order, now)


def _at_stripe(order: Standing, now: datetime) -> str:
    if order.session_until is None or order.session_until <= now:
        return "Stripe is asked how the visit ended."
    return f"The visit ends by itself at {words.clock(order.session_until, order.zone)}."


def _reserved(order: Standing, now: datetime) -> str:
    if order.launched:
        return f"{order.amount} are being charged to the saved card; access follows."
    if order.waits:
        return f"Waits in the queue for a unit, until {words.day_clock(order.launch_at, order.zone)} at the latest. Charged once it has one."
    asked = order.preflight_at or charge.preflight_at(order.launch_at)
    if asked <= now:
        return f"The bank is being asked for {order.amount} now."
    old = " The card ends before; its buyer is asked for another one." if order.card_ends else ""
    return f"The bank is asked for {order.amount} on {words.day_clock(asked, order.zone)}.{old}"


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


def _past_due(order: Standing, now: datetime) -> str:
    until = order.grace_until or order.launch_at + charge.GRACE
    no = No(order.decline, order.decline_class, order.next_try_at)
    told = f"The buyer was told; price and place are kept until {words.day_clock(until, order.zone)}."
    return f"{no.said} {told} {tried(no, order.zone, now)}"


def tried(no: No, zone: str, now: datetime) -> str:
    """When a bank is asked again, for the studio."""
    if no.again is None:
        return "The card is not asked again."
    return f"The bank is asked once more {'now' if no.again <= now else 'on ' + words.day_clock(no.again, zone)}."


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
    "evidence": "Answer to the bank",
    "tax": "Tax reckoned",
}
OUTCOMES = {"done": "Done", "declined": "The bank said no", "failed": "Did not happen", None: "Stripe is being asked"}
LETTERS = {
    "confirmed": "Confirmation",
    "repaired": "Card repaired",
    "moved": "The day moves",
    "bettered": "Something for waiting",
    "still_waiting": "Still no day",
    "missed": "The day was missed, to the creator",
    "access": "Access link",
    "past_due": "Card to repair",
    "past_due_out": "It is out, card to repair",
    "grace_ending": "Last day to repair",
    "card_expiring": "Card ends before the day",
    "cancelled": "Cancelled",
    "refunded": "Money back",
    "part_refunded": "Part of the money back",
    "refund_failed": "Money did not arrive",
    "paid_back": "Paid back after all",
    "task": "Task, to the creator",
    "grace_over": "Ended unpaid, to the creator",
    "dispute_won": "Dispute won, to the creator",
    "dispute_lost": "Dispute lost, to the creator",
    "withdrawn": "Withdrawal confirmed",
    "order_link": "The order's page",
    "launch_late": "It is late",
    "launch_stopped": "Content missing, to the creator",
    "rehearsed": "Rehearsal, to the creator",
    "given_up": "All ended, to the creator",
    "address_old": "Address corrected, to the old one",
    "address_new": "Address corrected, to the new one",
    "asked": "A question, to the creator",
    "answered": "An answer",
    "on_the_list": "Place on the waiting list",
    "news_asked": "News asked for, to confirm",
    "launch_news": "It is out, as asked for",
    "unit_offered": "A unit is kept",
}
PEOPLE = {
    "buyer": "the buyer",
    "creator": "the creator",
    "grace": "the end of the grace",
    "silence": "the buyer’s silence",
    "missed": "the missed day",
    "stripe": "Stripe",
    "worker": "the worker",
    "move": "the move of the day",
}


def who(kept: str, names: Mapping[int, str] | None = None) -> str:
    """Who did it, as the log keeps it ("creator:3"), in words; with `names`, which creator."""
    role, _, number = kept.partition(":")
    known = (names or {}).get(int(number)) if number.isascii() and number.isdigit() else None
    return known or PEOPLE.get(role, kept)


TASKS = {
    "refund": "Money that did not go back",
    "part_refund": "A part that did not go back",
    "dispute": "A bank asks money back",
    "won_late": "Won, after access had ended",
    "difference": "Stripe and the ledger differ",
    "hold_voided": "A hold was cancelled by hand",
    "bounce": "Letters come back",
    "complaint": "A letter was called spam",
}
# Closed by what happens to their subject; others by a person.
TIED_TASKS = frozenset({"refund", "dispute"})
REASONS = {
    "bank_cannot_process": "the bank could not process it",
    "check_returned": "the check was returned",
    "credit_not_processed": "money that was promised back did not come",
    "customer_initiated": "the buyer asked for it",
    "debit_not_authorized": "the debit was not authorised",
    "duplicate": "the buyer says they paid twice",
    "fraudulent": "the buyer says they did not buy it",
    "general": "no reason is given",
    "incorrect_account_details": "the account’s details are wrong",
    "insufficient_funds": "the account has too little",
    "noncompliant": "a rule of the card network was broken",
    "product_not_received": "the buyer says it was not delivered",
    "product_unacceptable": "the buyer says it is not as described",
    "subscription_canceled": "the buyer says they had cancelled",
    "unrecognized": "the buyer does not recognise the payment",
}


def reason(code: str) -> str:
    """Why a bank asks money back, in words."""
    return REASONS.get(code, code.replace("_", " "))


@dataclass(frozen=True)
class Claim:
    """A dispute, as the words about it need it; `amount` as a receipt says it."""

    status: str
    amount: str
    reason: str
    zone: str
    due_by: datetime | None = None
    submitted_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def answerable(self) -> bool:
        """Whether the bank waits for an answer."""
        return self.submitted_at is None and self.closed_at is None and self.status.endswith("needs_response")


def claim_sentence(claim: Claim) -> str:
    """Where a dispute stands, and until when it wants somebody."""
    said = {
        "won": f"The bank decided for you: {claim.amount} stay yours.",
        "lost": f"The bank decided for the buyer: {claim.amount} went back.",
        "prevented": "The claim was settled before it became a dispute.",
        "warning_closed": "The bank’s question is closed. No money was taken.",
    }
    if claim.status in said:
        return said[claim.status]
    if claim.submitted_at:
        return f"The bank has your answer since {words.day_month(claim.submitted_at, claim.zone)}. It decides within two to three months."
    if not claim.answerable:
        return f"The bank looks at {claim.amount}. It decides within two to three months."
    asks = f"asks about {claim.amount}" if claim.status.startswith("warning_") else f"asks for {claim.amount} back"
    until = f" Answer by {red(words.weekday_day(claim.due_by, claim.zone))}." if claim.due_by else ""
    return f"The buyer’s bank {asks}: {reason(claim.reason)}.{until}"


def claim_tag(claim: Claim) -> tuple[str, str]:
    """A dispute's state as a tag."""
    said = {"won": ("done", "Won"), "lost": ("ended", "Lost")}
    if claim.status in said:
        return said[claim.status]
    if claim.closed_at:
        return ("ended", "Closed")
    return ("needs", "Needs an answer") if claim.answerable else ("", "With the bank")


def due_words(due_by: datetime | None, zone: str, now: datetime) -> str:
    """Until when a task wants somebody, and how long that is."""
    if due_by is None:
        return ""
    when = words.weekday_clock_place(due_by, zone)
    return f"Was due {when}" if due_by <= now else f"{words.left(due_by, now)} left, until {when}"
