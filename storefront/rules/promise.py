"""What a buyer is told before ordering; kept with the order word for word (design.md 2, policies.md)."""

from collections.abc import Sequence
from datetime import datetime

from storefront.rules import words
from storefront.rules.charge import Mode
from storefront.rules.policy import STANDARD, Terms
from storefront.rules.words import OPENS, THE_NOUN_OPENS


def policy(mode: Mode, terms: Terms = STANDARD, *, out: bool = False, queue: bool = False) -> list[tuple[str, str]]:
    """The policy in short, as a product page shows it and a promise keeps it. `out`: what cannot happen is left out;
    `queue`: it is out of stock, and a back-order is placed.
    """
    if queue:
        return _queue(terms)
    if out:
        return _out(terms)
    charged = {
        Mode.PAY_NOW: "once, when you order",
        Mode.HOLD: "once, on the day it opens, never before",
        Mode.SAVE_CARD: "once, on the day it opens, never before",
    }
    return [
        ("Charged", charged[mode]),
        ("Cancel", "any time until it opens, without a reason"),
        ("A delay", "up to 30 days: moves along, unless you cancel; longer: cancelled, unless you agree"),
        ("Given up", "holds are released, money goes back, the same day"),
        (
            "Not opened yet",
            f"withdraw within {terms.withdraw_days} days of the launch and get everything back",
        ),
    ]


def _queue(terms: Terms) -> list[tuple[str, str]]:
    return [
        ("Charged", "once, when a copy is there for you, in the order of the queue, never before"),
        ("Cancel", "any time until then, without a reason, with one button"),
        ("A delay", "later than the latest date: cancelled, unless you agree"),
        ("Not opened yet", f"withdraw within {terms.withdraw_days} days of getting it and get everything back"),
    ]


def _out(terms: Terms) -> list[tuple[str, str]]:
    return [
        ("Charged", "once, when you order"),
        ("Not opened yet", f"withdraw within {terms.withdraw_days} days and get everything back"),
        ("Opened", "ask its creator, who decides"),
        ("Refunds", "to the card you paid with, started the same day"),
    ]


def policy_text(mode: Mode, version: str, terms: Terms = STANDARD, *, out: bool = False, queue: bool = False) -> str:
    """The policy in short as one text, with the version of the whole."""
    lines = [f"{label}: {text}." for label, text in policy(mode, terms, out=out, queue=queue)]
    return "\n".join([f"Policy, version {version}", *lines])


FOR_WAITING = "for waiting"
WHY = {"ordered": "Ordered.", FOR_WAITING: "A yes to waiting, with what was offered for it."}


def why(cause: str) -> str:
    """Why a version of a promise was made: a move's reason is its creator's own."""
    return WHY.get(cause, cause)


def day(by: datetime, zone: str, *, undated: bool, queue: bool) -> str:
    """The day of a promise; an order in the queue has a latest one."""
    if undated:
        return "No day yet"
    return f"{words.full(by, zone)}{', at the latest' if queue else ''}"


def charged(not_before: datetime | None, zone: str, *, queue: bool) -> str:
    """When a promise lets its buyer be charged."""
    if not_before is not None:
        return f"Not before {words.full(not_before, zone)}"
    return "Once, when it is your turn" if queue else "When it was ordered"


def consent(mode: Mode, kind: str, amount: str, at: datetime | None, zone: str) -> str:
    """What the box beside the order button says; empty where no card is kept for later."""
    if mode is Mode.PAY_NOW or at is None:
        return ""
    when = f"{words.day_month_year(at, zone)}, when {THE_NOUN_OPENS[kind]}. Not before, not more."
    if mode is Mode.SAVE_CARD:
        return f"Save my card with Stripe and charge it {amount} on {when} If the day moves inside the policy, the charge moves with it."
    return f"Set {amount} aside on my card now and charge it on {when} The card stays saved until then, so that the order survives if the day moves."


def button(mode: Mode, amount: str, at: datetime | None, zone: str, *, out: bool) -> str:
    """The order button: it states the duty to pay and the day (CJEU C-400/22)."""
    if out:
        return f"Buy and pay {amount} now"
    if mode is Mode.PAY_NOW or at is None:
        return f"Pre-order and pay {amount} now"
    return f"Pre-order and pay {amount} on {words.day_month(at, zone)}"


def today(mode: Mode, amount: str, kind: str, *, out: bool) -> str:
    """The line under the button."""
    if out:
        return "Paid with Stripe; we never see the card."
    if mode is Mode.PAY_NOW:
        return f"Today: {amount}. Cancel any time until it {OPENS[kind]} and get everything back."
    aside = f", {amount} set aside by your bank" if mode is Mode.HOLD else ""
    return f"Today: nothing is charged{aside}. Cancel any time until it {OPENS[kind]}."


def content(title: str, lessons: Sequence[str], files: Sequence[str]) -> str:
    """What was promised to be inside, as text."""
    return "\n".join([title, *(f"- {each}" for each in (*lessons, *files))])
