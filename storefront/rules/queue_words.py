"""What is said of back-orders: the consent, the button, the lines, and the place in the queue."""

from dataclasses import dataclass
from datetime import datetime

from storefront.rules import words
from storefront.rules.leaving import LEAST_DAYS
from storefront.rules.queue import Usually
from storefront.rules.queue import words as usually_words
from storefront.rules.words import Note, Step, Telling, bold, red

UNIT = {"course": "a seat", "ebook": "a copy", "software": "a licence key"}
UNITS = {"course": "seats", "ebook": "copies", "software": "licence keys"}


def consent(amount: str, kind: str, by: datetime, zone: str) -> str:
    """What the box beside the order button says of a back-order; kept with the order word for word."""
    day = words.day_month_year(by, zone)
    return (
        f"Save my card with Stripe and charge it {amount} once, when {UNIT[kind]} is back for me, at the latest by {day}. "
        "That may be earlier than expected. Not before it is there, not more."
    )


def button(amount: str) -> str:
    """The order button: it states the duty to pay, and when (CJEU C-400/22)."""
    return f"Back-order and pay {amount} when it is back"


def today() -> str:
    """The line under the button."""
    return "Today: nothing is charged. You see your place, and leave the queue with one button."


def bar_line(expected: datetime | None, by: datetime, zone: str) -> str:
    """The line beside the price on a telephone."""
    if expected:
        return f"expected {words.day_month(expected, zone)}"
    return f"at the latest {words.day_month(by, zone)}"


def counted(number: int, kind: str) -> str:
    """One licence key, 12 licence keys."""
    return f"{UNIT[kind].replace('a ', 'one ', 1)}" if number == 1 else f"{number:,} {UNITS[kind]}"


def waits(number: int) -> str:
    """How many are in the queue before whoever comes now."""
    if not number:
        return "Nobody is in the queue."
    return "One order is in the queue." if number == 1 else f"{number:,} orders are in the queue."


def product_line(amount: str, expected: datetime | None, by: datetime, zone: str, now: datetime) -> list[Step]:
    """What happens when, for a buyer who back-orders now."""
    steps = [
        Step(
            "Today", f"You save a card with Stripe. {bold('Nothing is charged.')}", "past", words.weekday_day(now, zone)
        )
    ]
    turn = f"Your turn: {bold(f'{amount} are charged')}, and your access link is mailed within a minute."
    if expected is None:
        steps.append(Step("When it is back", turn, "day"))
    else:
        steps.append(Step(f"Expected {words.day_month(expected, zone)}", f"{turn} It may be earlier.", "day"))
    steps.append(Step(f"{LEAST_DAYS} days from then", "Not opened it yet? Withdraw and get everything back.", "future"))
    late = "At the latest. If it is not there by then, your order is cancelled, at no cost, unless you agree to wait."
    return [*steps, Step(words.weekday_day(by, zone), late, "if")]


@dataclass(frozen=True)
class Waiting:
    """An order in the queue: its place from 1, what is known of its time (`by` None: no latest date), what it costs.

    `card_ends`: the month with which its card ends, where that may be before its turn.
    """

    place: int
    kind: str
    amount: str
    email: str
    zone: str
    placed_at: datetime
    by: datetime | None
    expected: datetime | None = None
    usually: Usually | None = None
    card_ends: str = ""

    @property
    def where(self) -> str:
        """You are next; you are number 4."""
        return "You are next in the queue" if self.place == 1 else f"You are number {self.place:,} in the queue"


def tell(told: Waiting) -> Telling:
    """The page of an order in the queue."""
    known = usually_words(told.usually)
    so = f"That is {known} from now, as past restocks went. " if known else ""
    yours = f"{UNIT[told.kind].capitalize()} is yours "
    latest = f"by {red(words.weekday_day(told.by, told.zone))} at the latest" if told.by else "when it is your turn"
    to_do = "There is nothing you need to do."
    if told.card_ends:
        to_do = f"Your card ends with {told.card_ends}: put another one in its place, and your turn finds a good one."
    return Telling(
        f"{told.where}. {yours}{latest}.",
        f"{so}Nothing has been charged. {to_do}",
        tag=("needs", "Your card needs you") if told.card_ends else None,
        note=_expected(told),
        line=_line(told),
    )


def _expected(told: Waiting) -> Note | None:
    if told.expected is None:
        return None
    text = "Its creator expects it then. It may be earlier; later than the latest date needs your yes."
    return Note("news", f"Expected {words.weekday_day(told.expected, told.zone)}", text)


def _line(told: Waiting) -> tuple[Step, ...]:
    at = words.day_clock(told.placed_at, told.zone)
    turn = f"{bold(f'You pay {told.amount}')}, and the access link goes to {told.email}. First come, first served."
    late = "The latest date. Without a unit by then the order is cancelled, at no cost."
    last = (Step(words.weekday_day(told.by, told.zone), late, "if"),) if told.by else ()
    return (
        Step(at, "You back-ordered and saved a card. Nothing was charged.", "past", "done"),
        Step("Your turn", turn, "day"),
        *last,
    )
