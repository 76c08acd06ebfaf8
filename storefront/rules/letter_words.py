"""What letters say of an order: pure words of it and now. Days are told in the creator's zone, with its offset."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from storefront.rules import charge, gift, queue_letter_words, refund_words, words
from storefront.rules.decline_words import No
from storefront.rules.delay import RUNS_LATE
from storefront.rules.delay_letter_words import MoveWords
from storefront.rules.launch import LATE_AFTER
from storefront.rules.launch_words import distance
from storefront.rules.money import exact, short
from storefront.rules.order_words import card_month
from storefront.rules.words import NOUN, OPENS, Day

COLUMNS = 72
SMALL_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True)
class About:
    """What the words depend on; money in minor units, `day` the instant promised last, `place` the one in the queue.

    `refunded`: all that went back; `last_back`: what of it was no part by itself; `by_hand`: how it was paid, where the
    card did not take it.
    """

    kind: str
    title: str
    creator: str
    number: str
    purchase: bool
    state: str
    mode: str
    price: int
    currency: str
    zone: str
    day: datetime
    placed_at: datetime
    place: int = 0
    launched_at: datetime | None = None
    card: str = ""
    bonuses: tuple[str, ...] = ()
    lessons: int = 0
    files: tuple[str, ...] = ()
    licence_key: str = ""
    granted_at: datetime | None = None
    opened: bool = False
    fresh_link: bool = False
    decline: str = ""
    decline_class: str = ""
    next_try_at: datetime | None = None
    card_until: datetime | None = None
    grace_until: datetime | None = None
    released: bool = False
    captured: int = 0
    refunded: int = 0
    last_back: int = 0
    by_hand: str = ""
    cancel_who: str = ""
    cancel_why: str = ""
    cancelled_at: datetime | None = None
    before: datetime | None = None
    before_zone: str = ""
    before_undated: bool = False
    undated: bool = False
    silence: str = ""
    deadline: datetime | None = None
    gift: str = ""
    buyer: str = ""
    matter: "Matter | None" = None
    days: int = 14
    told: Mapping[str, Any] = field(default_factory=dict)


PAID_TWICE = "It was a second payment: the first one stands, and access with it."


@dataclass(frozen=True)
class Matter:
    """What a letter is about beside the order: a refund, a dispute, a task. `amount` in minor units."""

    amount: int = 0
    who: str = ""
    why: str = ""
    sentence: str = ""
    due_by: datetime | None = None
    kind: str = ""


@dataclass(frozen=True)
class Told:
    """Everything a letter may say about the order."""

    about: About
    now: datetime

    @property
    def the(self) -> str:
        """The course, the e-book, the software."""
        return f"the {NOUN[self.about.kind]}"

    @property
    def noun(self) -> str:
        """Course, e-book, software: as in "your course"."""
        return NOUN[self.about.kind]

    @property
    def opens(self) -> str:
        """Opens, or comes out; or is back, for whoever waits in the queue."""
        return "is back" if self.about.place else OPENS[self.about.kind]

    @property
    def out(self) -> bool:
        """Whether the product is out, and a unit of it there."""
        return not self.about.place and (self.about.purchase or self.about.launched_at is not None)

    @property
    def amount(self) -> str:
        """The price as a headline says it."""
        return short(self.about.price, self.about.currency)

    @property
    def day(self) -> Day:
        """The promised day, as a calendar shows it."""
        return words.day(self.about.day, self.about.zone)

    @property
    def date(self) -> str:
        """12 May 2027: for subjects."""
        return words.day_month_year(self.about.day, self.about.zone)

    @property
    def weekday(self) -> str:
        """Wednesday 12 May."""
        return words.weekday_day(self.about.day, self.about.zone)

    @property
    def last(self) -> datetime:
        """The end of the grace: the buyer's last moment to act."""
        return self.about.grace_until or charge.grace_until(self.now, self.about.day)

    @property
    def last_day(self) -> Day:
        """The buyer's last day to act."""
        return words.day(self.last, self.about.zone)

    @property
    def kept_until(self) -> str:
        """Until when price and place are kept: Wednesday 19 May."""
        return words.weekday_day(self.last, self.about.zone)

    @property
    def no(self) -> No:
        """What the bank said, and what to do about it."""
        return No(self.about.decline, self.about.decline_class, self.about.next_try_at)

    @property
    def we_try(self) -> str:
        """When we ask the bank again, or that we do not."""
        return self.no.we_try(self.about.zone, self.now)

    @property
    def paused(self) -> str:
        """What a failed payment does to somebody who had access already."""
        return f"Your access to {self.the} pauses until it is repaired." if self.about.granted_at else ""

    @property
    def here(self) -> str:
        """A course is open; what is downloaded is here."""
        return "open" if self.about.kind == "course" else "here"

    @property
    def card_when(self) -> str:
        """When a card that ends is to be charged."""
        if self.about.place:
            latest = "" if self.about.undated else f", at the latest on {self.date}"
            return f"You pay {self.amount} when it is your turn in the queue{latest}."
        return f"On {self.weekday} {self.the} {self.opens}, and you pay {self.amount}."

    @property
    def card_month(self) -> str:
        """The month a card ends with: April 2027."""
        return card_month(self.about.card_until or self.about.day)

    @property
    def matter(self) -> Matter:
        """What the letter is about beside the order."""
        return self.about.matter or Matter()

    @property
    def matter_amount(self) -> str:
        """How much it is about."""
        return exact(self.matter.amount, self.about.currency)

    @property
    def due(self) -> str:
        """Until when a person has to act: Wednesday 12 May 2027, 10:00 in Berlin (UTC+2)."""
        return words.full(self.matter.due_by, self.about.zone) if self.matter.due_by else ""

    @property
    def refund_quote(self) -> str:
        """Why a creator gave a part back, in their own words."""
        return self.matter.why if self.matter.who.startswith("creator") and not self.for_waiting else ""

    @property
    def for_waiting(self) -> bool:
        """Whether a part goes back because its buyer waits, as the creator offered."""
        return self.matter.why.startswith(gift.REASON)

    @property
    def refund_way(self) -> str:
        """How everything goes back, and when it is seen."""
        if self.about.by_hand:
            return "Your card did not take the money, so it was paid another way."
        return f"The money returns to the card you paid with. {refund_words.BANKS}"

    @property
    def refund_banks(self) -> str:
        """When a refund is seen."""
        return refund_words.BANKS

    @property
    def paid_by_hand(self) -> bool:
        """Whether money that did not reach the card was paid another way; else it is sent there once more."""
        return self.matter.kind == "by_hand"

    @property
    def refund_failure(self) -> str:
        """Why a refund did not arrive, as its bank says."""
        said = refund_words.failure(self.matter.kind)
        return f"Your bank says that {said}." if said else ""

    @property
    def opening(self) -> tuple[Day, str] | None:
        """The day of a launch and how it fits the promise; None where the letter is not about a launch just run."""
        about = self.about
        if about.purchase or about.fresh_link or about.launched_at is None:
            return None
        if about.granted_at and about.granted_at - about.launched_at > LATE_AFTER:
            return None
        off = about.launched_at - about.day
        if abs(off) <= LATE_AFTER:
            return self.day, f"{self.day.time_zone}, as promised"
        shown = words.day(about.launched_at, about.zone)
        return shown, f"{shown.time_zone}, {f'{_span(off)} late' if off > timedelta() else 'earlier than promised'}"

    @property
    def late(self) -> str:
        """A launch that ran late says so; a minute is not late."""
        about = self.about
        if about.purchase or about.fresh_link or about.launched_at is None:
            return ""
        off = about.launched_at - about.day
        return f"This launch ran {_span(off)} late. It was promised for {self.full}." if off > LATE_AFTER else ""

    @property
    def at_the_latest(self) -> str:
        """The end of the day that a launch may run late: then the order counts as cancelled (policies.md 1)."""
        return words.full(self.about.day + RUNS_LATE, self.about.zone)

    @property
    def late_money(self) -> str:
        """What a launch that does not open does to the money: nothing."""
        if self.about.captured > self.about.refunded:
            return "Your payment waits with it."
        return "Nothing has been charged."

    @property
    def late_way(self) -> str:
        """What comes next for whoever waits for it; one whose card was refused keeps the time to repair it."""
        if self.about.state == "past_due":
            return f"Yours also waits for your card: repair it until {self.kept_until}, on your order's page, and your link comes by itself."
        return (
            "Your link comes by itself as soon as it is complete; you need do nothing. "
            f"If it is not out by {self.at_the_latest}, your order is cancelled, and {self.goes_back}."
        )

    @property
    def withdrawal_money(self) -> str:
        """What a withdrawal does to the money."""
        left = self.about.captured - self.about.refunded
        if left > 0:
            return f"{exact(left, self.about.currency)} go back to the card you paid with, started today."
        if self.about.refunded:
            return f"{exact(self.about.refunded, self.about.currency)} go back to the card you paid with."
        return "Nothing stays charged: what was set aside is freed."

    @property
    def full(self) -> str:
        """Wednesday 12 May 2027, 10:00 in Berlin (UTC+2)."""
        if self.about.undated:
            return "No day yet"
        return words.full(self.about.day, self.about.zone)

    @property
    def moved(self) -> str:
        """How far a move goes: seven days later."""
        return distance(self.about.before or self.about.day, self.about.day, self.about.zone)

    @property
    def move(self) -> MoveWords:
        """What a notice of a moved day says."""
        about = self.about
        return MoveWords(
            title=about.title,
            opens=self.opens,
            latest=bool(about.place),
            zone=about.zone,
            day=None if about.undated else about.day,
            way="" if about.before_undated else self.moved,
            silence=about.silence,
            deadline=about.deadline,
            gift=about.gift,
            back=self.goes_back,
        )

    @property
    def goes_back(self) -> str:
        """What a cancellation does to the money."""
        return "everything you paid goes back" if self.about.state == "paid" else "nothing is charged"

    @property
    def bettered(self) -> str:
        """What a promise that was bettered says of the money."""
        pays = f"You pay {exact(self.about.price, self.about.currency)} when it {self.opens}."
        return "The day is as you were told." if self.about.state == "paid" else f"The day is as you were told. {pays}"

    @property
    def money(self) -> str:
        """What has happened to the money, also when nothing has."""
        said = {
            "reserved": "Your card is saved. Nothing has been charged.",
            "held": f"Your bank has set {self.amount} aside. Nothing has been charged.",
            "paid": f"You have paid {self.amount}.",
        }
        return said.get(self.about.state, "Nothing has been charged.")

    @property
    def ahead(self) -> str:
        """What comes next for an order that is not out yet, or has just been bought."""
        if self.about.place:
            return queue_letter_words.ahead(self.about.place, self.about.kind, self.amount, self.full)
        if self.out:
            secured = self.about.state in {"held", "paid"}
            return (
                "The access link comes in a letter of its own, within a minute."
                if secured
                else "The access link follows when your bank agrees."
            )
        pay = "" if self.about.mode == "pay_now" else f" and you pay {self.amount}"
        if self.about.undated:
            return f"There is no day yet. When {self.the} {self.opens}{pay}, you hear from us."
        return f"On {self.weekday} {self.the} {self.opens}{pay}. There is nothing you need to do."

    @property
    def inside(self) -> str:
        """What lies in the library now."""
        there = _inside(self.about)
        quoted = listed([f"“{each}”" for each in self.about.bonuses])
        if not quoted:
            return f"{there}."
        many = len(self.about.bonuses) > 1
        why = f", the {'bonuses' if many else 'bonus'} you pre-ordered early for" if not self.about.purchase else ""
        return f"{there}, and so {'are' if many else 'is'} {quoted}{why}."

    @property
    def who_cancelled(self) -> str:
        """Whose doing the end was."""
        who, title = self.about.cancel_who.split(":", maxsplit=1)[0], self.about.title
        said = {
            "creator": f"{self.about.creator} cancelled your order of {title}.",
            "grace": f"The card for {title} was not repaired in time.",
            "buyer": f"You {'withdrew from' if self.about.granted_at else 'cancelled'} your order of {title}.",
            "silence": f"The new day of {title} needed your yes, and none came in time.",
            "missed": f"{title} did not open on its day, nor in the 24 hours after it.",
            "move": f"The day of {title} moved while you were at Stripe, further than your order allows.",
        }
        return said.get(who, f"Your order of {title} has ended.")

    @property
    def creators_words(self) -> str:
        """Why a creator cancelled, in their own words."""
        return self.about.cancel_why if self.about.cancel_who.startswith("creator") else ""

    @property
    def nothing_charged(self) -> str:
        """What a cancelled order did to the card."""
        if self.about.captured > self.about.refunded:
            back = exact(self.about.captured - self.about.refunded, self.about.currency)
            return f"Your payment of {back} goes back to the card you paid with."
        if self.about.released:
            return (
                f"Nothing was charged. Your bank frees the {self.amount} it had set aside, and the card is forgotten."
            )
        return "Nothing was charged, and the card is forgotten."

    @property
    def given_back(self) -> str:
        """What goes back to the buyer, as a headline says it."""
        return short(self.about.last_back or self.about.refunded or self.about.price, self.about.currency)


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} minutes"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def listed(each: Sequence[str]) -> str:
    """One, two and three."""
    return " and ".join(filter(None, [", ".join(each[:-1]), *each[-1:]]))


def _inside(about: About) -> str:
    if about.lessons == 1:
        return "Its lesson is in your library"
    if about.lessons:
        small = about.lessons <= len(SMALL_NUMBERS)
        return f"All {SMALL_NUMBERS[about.lessons - 1] if small else about.lessons} lessons are in your library"
    files = f" as {listed(about.files)}" if about.files else ""
    return f"It is in your library{files}"


def set_columns(text: str) -> str:
    """A letter's text part: at most 72 columns, links whole, one empty line between parts."""
    lines = [_set(line.rstrip()) for line in text.strip().splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _set(line: str) -> str:
    if len(line) <= COLUMNS:
        return line
    return textwrap.fill(line, COLUMNS, break_long_words=False, break_on_hyphens=False)
