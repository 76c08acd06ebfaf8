"""What a buyer reads of a moved day on the order's page, the answer's page and in the history (policies.md 1)."""

from dataclasses import dataclass
from datetime import datetime

from storefront.rules import words
from storefront.rules.delay import Rule, Silence, State, Verdict
from storefront.rules.words import OPENS, red

BY_RULE = {
    Rule.SHORT: "a first delay of 30 days or less",
    Rule.LONG: "a first delay beyond 30 days, or without a day",
    Rule.RENEWED: "a further delay",
    Rule.LATE: "a move told only after the day",
    "missed": "a day that passed without a launch or a word",
}


@dataclass(frozen=True)
class Asked:
    """A moved day as its buyer is asked about it. `day` None: none could be named.

    `said`: when they said that they wait, if they did. `gift`: what they get for waiting, in words, if they still can.
    `back`: what cancelling does to the money.
    """

    title: str
    kind: str
    zone: str
    day: datetime | None
    found: Verdict
    back: str
    gift: str = ""
    said: datetime | None = None
    over: bool = False
    queued: bool = False

    @property
    def sentence(self) -> str:
        """The one true sentence of the answer's page."""
        if self.over or self.found.state is not State.WAITING:
            return "There is nothing to answer any more."
        if self.said:
            return f"You wait for {self._what}."
        if self.day is None:
            return f"{self.title} is late, and no new day can be named yet."
        latest = " at the latest" if self.queued else ""
        return f"{self.title} {self._opens} on {red(words.weekday_day(self.day, self.zone))}{latest}."

    @property
    def _opens(self) -> str:
        """What its buyer waits for."""
        return "is back" if self.queued else OPENS[self.kind]

    @property
    def _what(self) -> str:
        return red(words.weekday_day(self.day, self.zone)) if self.day else f"{self.title}, without a day"

    @property
    def asks(self) -> bool:
        """Whether a yes is needed."""
        return self._silence is Silence.CANCELS

    @property
    def _silence(self) -> Silence | None:
        return self.found.question.silence if self.found.question else None

    @property
    def open(self) -> bool:
        """Whether saying that they wait says anything."""
        return not self.over and self.found.state is State.WAITING and (bool(self.found.question) or bool(self.gift))

    @property
    def means(self) -> str:
        """What silence means and by when, in a sentence or two."""
        question = self.found.question
        if self.over or self.found.state is not State.WAITING:
            return "The order’s page says how it stands."
        if question is None:
            return f"You may cancel at any time until it {self._opens}: {self.back}."
        until = words.full(question.deadline, self.zone)
        if question.silence is Silence.CANCELS:
            return f"We need your yes by {until}. Without it your order is cancelled then, and {self.back}."
        return f"You need do nothing: if we hear nothing by {until}, you agree. You may cancel at any time until it {self._opens}."

    @property
    def wait(self) -> str:
        """The button of those who wait."""
        return f"I wait until {words.day_month(self.day, self.zone)}" if self.day else "I wait, without a day"

    @property
    def head(self) -> str:
        """What the order's page says above the reason."""
        if self.day is None:
            return "The day is off, and no new one can be named yet"
        return f"The day moved to {words.day_month_year(self.day, self.zone)}"


def said(answer: str, how: str, rule: str, at: datetime, zone: str, gift: str = "") -> str:
    """An answer as the history tells it, to buyer and creator alike."""
    did = "Agreed" if answer == "wait" else "Declined" if how == "click" else "Cancelled"
    by = "by click" if how == "click" else f"by silence: {BY_RULE.get(rule, 'the delay rules')}"
    taken = f", with {gift} for waiting" if gift else ""
    return f"{did} on {words.day_month_year(at, zone)}, {words.clock_place(at, zone)}, {by}{taken}"
