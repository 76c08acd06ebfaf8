"""What is looked at before a launch; what needs somebody stands in its way."""

from collections.abc import Sequence
from datetime import datetime

from storefront.models.products import Product
from storefront.rules.launch import LATE_AFTER
from storefront.rules.launch_words import Check, counted
from storefront.rules.money import short
from storefront.web.studio.tallies import Tally

ORDER = ("needs", "ask", "done", "plain")


def look(product: Product, tally: Tally, now: datetime) -> list[Check]:
    """Everything that was looked at, what needs somebody first."""
    found = [
        *_late(product, tally, now),
        *_rehearsed(product, tally),
        _inside(tally),
        _letters(tally),
        *_late_work(product, tally),
        *_cards(product, tally),
        *_money(product, tally),
    ]
    return sorted(found, key=lambda each: ORDER.index(each.kind))


def obstacles(found: Sequence[Check]) -> int:
    """How many things stand in a launch's way."""
    return sum(each.kind == "needs" for each in found)


def _late(product: Product, tally: Tally, now: datetime) -> list[Check]:
    launch = product.launch
    if tally.held_up:
        return [held_up(product, tally.held_up)]
    if launch.at is None or launch.launched_at or now <= launch.at + LATE_AFTER:
        return []
    minutes = int((now - launch.at).total_seconds() // 60)
    text = f"It was due {minutes:,} minutes ago. The worker opens it as soon as it runs; ask whoever runs this shop."
    return [Check("The launch is late", text, "needs")]


def held_up(product: Product, why: str) -> Check:
    """Its moment came without its content."""
    text = f"{why} Nobody was charged; the buyers know that it is late. It opens by itself when everything is there."
    return Check("It has not opened", text, "needs", f"{_home(product)}/rehearsal", "The rehearsal")


def _rehearsed(product: Product, tally: Tally) -> list[Check]:
    """What the last rehearsal found to stop it; what holds it up is told by itself."""
    if not tally.stops or tally.held_up:
        return []
    title = counted(tally.stops, "thing stopped the rehearsal", "things stopped the rehearsal")
    return [Check(title, "Put it right, and rehearse again.", "needs", f"{_home(product)}/rehearsal", "See it")]


def _late_work(product: Product, tally: Tally) -> list[Check]:
    """What the worker should have done an hour ago stands in the way."""
    found = []
    if tally.overdue:
        title = counted(tally.overdue, "card should have been asked", "cards should have been asked")
        text = (
            "The bank is asked two days ahead. Does the worker run, and does Stripe answer? Ask whoever runs this shop."
        )
        found.append(Check(title, text, "needs", _orders(product, "reserved"), "See them"))
    if tally.silent:
        title = counted(tally.silent, "call to Stripe has no answer", "calls to Stripe have no answer")
        text = "For over an hour. They are asked again by themselves; whoever runs this shop can look with `reconcile`."
        found.append(Check(title, text, "needs", _orders(product, ""), "See the orders"))
    return found


def _inside(tally: Tally) -> Check:
    if not tally.lessons and not tally.files:
        text = "Neither a lesson nor a file is there. Import them before the day, or buyers open an empty page."
        return Check("Nothing is inside yet", text, "needs")
    kinds = [(tally.lessons, "lesson"), (tally.files, "file")]
    inside = " and ".join(counted(count, noun) for count, noun in kinds if count)
    return Check(f"{inside} inside", "what a reader finds on the day")


def _cards(product: Product, tally: Tally) -> list[Check]:
    none = Check("No card waits for its buyer", "what a bank refuses shows up here, and the buyer is told")
    old = expiring(product, tally)
    return [waiting(product, tally) or none, *([old] if old else [])]


def waiting(product: Product, tally: Tally) -> Check | None:
    """Cards that a bank refused, and the way to them."""
    if not tally.waiting:
        return None
    title = counted(tally.waiting, "card needs its buyer", "cards need their buyers")
    text = "They were told, and price and place are kept. The launch does not wait for them."
    return Check(title, text, "ask", _orders(product, "past_due"), "See them")


def expiring(product: Product, tally: Tally) -> Check | None:
    """Saved cards that are no longer valid on the day, and the way to them."""
    if not tally.expiring:
        return None
    title = counted(tally.expiring, "saved card ends before the day", "saved cards end before the day")
    text = "Each buyer gets a letter four weeks ahead, and changes the card with two clicks."
    return Check(title, text, "ask", _orders(product, "expiring"), "See them")


def _home(product: Product) -> str:
    return f"/studio/products/{product.slug}"


def _orders(product: Product, state: str) -> str:
    home = f"{_home(product)}/orders"
    return f"{home}?state={state}" if state else home


def _letters(tally: Tally) -> Check:
    if not tally.stuck_letters:
        return Check("Letters are accepted", "none waits for the mail server")
    title = counted(tally.stuck_letters, "letter finds no way out", "letters find no way out")
    return Check(title, "The mail server did not take them. They are tried again by themselves.", "needs")


def _money(product: Product, tally: Tally) -> list[Check]:
    if not tally.orders:
        return []
    if tally.secured == tally.ordered:
        return [Check(f"{short(tally.secured, product.currency)} secured", "all that was ordered")]
    text = f"of {short(tally.ordered, product.currency)} ordered; saved cards are asked two days before the day"
    return [Check(f"{short(tally.secured, product.currency)} secured so far", text, "plain")]
