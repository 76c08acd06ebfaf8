"""What a notice of a moved day says: the day, what silence means and by when, and what is offered (policies.md 1)."""

from dataclasses import dataclass
from datetime import datetime

from storefront.rules import words


@dataclass(frozen=True)
class MoveWords:
    """One notice. `day` None: no date could be named. `silence` is "agrees", "cancels" or "" where nothing is asked.
    `latest`: the day is the latest one of an order in the queue.

    `way` is how far it moves, as in "seven days later"; `back` what a cancellation does to the money.
    """

    title: str
    opens: str
    zone: str
    day: datetime | None
    way: str
    silence: str
    deadline: datetime | None
    gift: str
    back: str
    latest: bool = False

    @property
    def subject(self) -> str:
        """The letter's subject, the day before the title: a phone shows forty signs, and a text is cut at its end."""
        verb = "Back at the latest on" if self.latest else "Moves to"
        where = f"{verb} {words.day_month_year(self.day, self.zone)}" if self.day else "No day any more"
        return f"{where}{', do you wait?' if self.silence == 'cancels' else ':'} {self.title}"

    @property
    def head(self) -> str:
        """What happens to the day."""
        if self.day is None:
            return f"{self.title} is late, and no new day can be named yet."
        way = f", {self.way}" if self.way else ""
        latest = " at the latest" if self.latest else ""
        return f"{self.title} {self.opens} on {words.weekday_day(self.day, self.zone)}{latest}{way}."

    @property
    def until(self) -> str:
        """The instant at which silence speaks."""
        return words.full(self.deadline, self.zone) if self.deadline else ""

    @property
    def means(self) -> str:
        """What silence means, and by when."""
        if self.silence == "cancels":
            return f"Without your yes by {self.until}, your order is cancelled, and {self.back}. You may cancel before that, too."
        if self.silence == "agrees" and self.deadline:
            until = words.day_month(self.deadline, self.zone)
            return f"You need do nothing: if we hear nothing until {until}, you agree, and your order moves along at the same price. Two clicks cancel."
        return "You need do nothing: your order moves along, at the same price. Two clicks cancel."

    @property
    def offer(self) -> str:
        """What whoever waits gets."""
        return f"Whoever waits gets {self.gift}: take it on the page behind the button." if self.gift else ""

    @property
    def button(self) -> str:
        """Where to answer."""
        return "Wait, or cancel" if self.silence == "cancels" or self.gift else "See your order, or cancel it"
