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
    """What the words about a ticket depend on; `place` from 1, `until` the end of its offer."""

    kind: str
    title: str
    zone: str
    place: int
    until: datetime | None = None
    price: str = ""

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


def sentence(told: Told, state: str) -> tuple[str, str]:
    """The head of a ticket's page, and what stands below it; `state`: waiting, offered, used, left or over."""
    said = {
        "waiting": (
            f"{told.where} for {told.title}.",
            f"When {told.unit} is free and it is your turn, we write to you and keep it for a while. You owe nothing.",
        ),
        "offered": (
            f"{told.unit.capitalize()} of {told.title} is kept for you until {red(told.end)}.",
            f"It costs {told.price} now. After that it goes to the next on the list.",
        ),
        "used": (
            f"You took up the offer of {told.title}.",
            "Your order has a page of its own; its link is in your mail.",
        ),
        "left": (f"You are off the list for {told.title}.", "We write to you about it no more."),
        "over": (
            f"The offer of {told.title} is over, and the unit went on.",
            "An offer that has ended does not come back. You can queue again, at the end of the list.",
        ),
    }
    return said[state]
