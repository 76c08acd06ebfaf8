"""What is said of a waiting list: the consent, the place, the offer and its end."""

from dataclasses import dataclass
from datetime import datetime

from storefront.rules import words
from storefront.rules.words import red

UNIT = {"course": "a seat", "ebook": "a copy", "software": "a licence key"}
NEWS = "Also write to me about new things of this creator. I can end that at any time."


def consent(title: str, kind: str) -> str:
    """What the box on the form says; kept with the ticket word for word."""
    return (
        f"Write to me when {UNIT[kind]} of {title} is free. One letter with my place, one with the offer, nothing else."
    )


def time_to_answer(hours: int) -> str:
    """For 24 hours."""
    return "for one hour" if hours == 1 else f"for {hours} hours"


@dataclass(frozen=True)
class Told:
    """What the words about a ticket depend on; `place` from 1, `until` the end of its offer, `session_until` the end of
    the visit to Stripe that took it up.
    """

    kind: str
    title: str
    zone: str
    place: int
    until: datetime | None = None
    price: str = ""
    session_until: datetime | None = None

    @property
    def unit(self) -> str:
        """A seat, a copy, a licence key."""
        return UNIT[self.kind]

    @property
    def end(self) -> str:
        """The end of the offer: Wednesday 12 May, 10:00 in Berlin."""
        return words.weekday_clock_place(self.until, self.zone) if self.until else ""

    @property
    def where(self) -> str:
        """You are next; you are number 4."""
        return "You are next on the list" if self.place == 1 else f"You are number {self.place:,} on the list"

    def rows(self, kind: str) -> list[tuple[str, str]]:
        """The facts of one kind of letter."""
        if kind == "unit_offered":
            return [("Kept until", self.end), ("The price now", self.price), ("After that", "It goes to the next.")]
        return [("Your place", f"{self.place:,}, as this letter leaves")]


def sentence(told: Told, shown: str) -> tuple[str, str]:
    """The head of a ticket's page, and what stands below it.

    `shown`: waiting, or beside the list the queue takes one more (queue); offered; taken up, with an order that is at
    Stripe (begun), was never finished (unfinished) or goes its way (used); left, over; or the product is gone.
    """
    return _SAID[shown](told)


def _waiting(told: Told) -> tuple[str, str]:
    text = f"When {told.unit} is free and it is your turn, we write to you and keep it for a while. You owe nothing."
    return f"{told.where} for {told.title}.", text


def _queue(told: Told) -> tuple[str, str]:
    text = f"The queue of back-orders has a place just now, and {told.unit} that comes back goes to the queue first."
    return f"{told.where} for {told.title}.", text


def _offered(told: Told) -> tuple[str, str]:
    head = f"{told.unit.capitalize()} of {told.title} is kept for you until {red(told.end)}."
    if not told.price:
        return head, "It cannot be ordered just now: its day is off. Once it has another one, it can."
    return head, f"It costs {told.price} now. After that it goes to the next on the list."


def _begun(told: Told) -> tuple[str, str]:
    ends = f" at {words.clock(told.session_until, told.zone)}" if told.session_until else " by itself"
    text = f"{told.unit.capitalize()} is kept while you are at Stripe. The visit ends{ends}; without a card the unit goes to the next."
    return f"You have begun to order {told.title}.", text


def _used(told: Told) -> tuple[str, str]:
    return f"You took up the offer of {told.title}.", "Your order has a page of its own; its link is in your mail."


def _unfinished(told: Told) -> tuple[str, str]:
    text = (
        "Nothing was charged. An offer that has ended does not come back. You can queue again, at the end of the list."
    )
    return f"Your order of {told.title} was not finished, and the unit went on.", text


def _left(told: Told) -> tuple[str, str]:
    return f"You are off the list for {told.title}.", "We write to you about it no more."


def _over(told: Told) -> tuple[str, str]:
    text = "An offer that has ended does not come back. You can queue again, at the end of the list."
    return f"The offer of {told.title} is over, and the unit went on.", text


def _gone(told: Told) -> tuple[str, str]:
    return (
        f"{told.title} has left the shop, and its list is closed.",
        "Nothing was charged. We write to you about it no more.",
    )


_SAID = {
    "waiting": _waiting,
    "queue": _queue,
    "offered": _offered,
    "begun": _begun,
    "used": _used,
    "unfinished": _unfinished,
    "left": _left,
    "over": _over,
    "gone": _gone,
}
