"""A rehearsal: what would happen if the launch were now, and what to do about it (design.md 6). Facts in, findings out.

Severity is what a finding does: `stops` the launch or its letters, costs `money`, or is worth a `look`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import NamedTuple

from storefront.rules import words
from storefront.rules.launch_words import counted, number
from storefront.rules.money import exact, short

STOPS, MONEY, LOOK = "stops", "money", "look"
SEVERITIES = (STOPS, MONEY, LOOK)
HEADS = {STOPS: "Stops the launch", MONEY: "Costs money", LOOK: "Worth a look"}
SURE = 1.96  # 95 %
NAMED = 3


class Finding(NamedTuple):
    """One thing that was found: the sentence, what to do, and the way there ("" where there is none)."""

    severity: str
    sentence: str
    to_do: str
    url: str = ""
    act: str = ""


class Broken(NamedTuple):
    """Something with a name, and what is wrong with it."""

    name: str
    why: str


@dataclass(frozen=True)
class Content:
    """What lies in a product: how much of it, and what cannot be given to a reader."""

    lessons: int = 0
    files: int = 0
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unreadable: tuple[Broken, ...] = ()
    pictures: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether a reader gets everything: a picture less stops no launch."""
        return bool(self.lessons or self.files) and not (self.missing or self.changed or self.unreadable)


@dataclass(frozen=True)
class Cards:
    """Orders whose money is in danger, by why; `sums` in minor units under the same names."""

    failing: int = 0
    ending: int = 0
    short_holds: int = 0
    overdue: int = 0
    stuck: int = 0
    failing_sum: int = 0
    ending_sum: int = 0


@dataclass(frozen=True)
class Letters:
    """Letters as they would be written now: `tried` of them; the door: "" where it is open, else what it said."""

    tried: int = 0
    broken: tuple[Broken, ...] = ()
    door: str = ""
    stuck: int = 0


@dataclass(frozen=True)
class Money:
    """What was ordered, in minor units, by how sure it is; `asked` and `declined` count cards that banks were asked for."""

    currency: str
    ordered: int = 0
    secured: int = 0
    waiting: int = 0
    asked: int = 0
    declined: int = 0


@dataclass(frozen=True)
class Facts:
    """Everything a rehearsal looks at. `stock` None is unlimited; `promised` counts live orders."""

    slug: str
    at: datetime
    zone: str
    content: Content
    cards: Cards
    letters: Letters
    money: Money
    stock: int | None = None
    promised: int = 0
    public: bool = True


def findings(facts: Facts) -> list[Finding]:
    """What was found, the worst first."""
    found = [*_content(facts), *_letters(facts), *_stock(facts), *_cards(facts), *_others(facts)]
    return sorted(found, key=lambda each: SEVERITIES.index(each.severity))


def why_not_ready(content: Content) -> str:
    """Why a launch does not start, in a sentence; "" where it does."""
    found = _missing(content)
    return " ".join(each.sentence for each in found)


def _content(facts: Facts) -> list[Finding]:
    return [*_missing(facts.content), *_pictures(facts.content)]


def _missing(content: Content) -> list[Finding]:
    again = "Import the catalogue again: “storefront catalog import” puts it back under its name."
    if not content.lessons and not content.files:
        return [Finding(STOPS, "Neither a lesson nor a file is inside.", "Import what your buyers were promised.")]
    found = []
    if content.missing:
        found.append(Finding(STOPS, f"{named(content.missing)} {_is(content.missing)} not on the shelf.", again))
    if content.changed:
        differs = "is not the file that was imported: its checksum differs"
        many = "are not the files that were imported: their checksums differ"
        sentence = f"{named(content.changed)} {differs if len(content.changed) == 1 else many}."
        found.append(Finding(STOPS, sentence, again))
    for each in content.unreadable[:NAMED]:
        to_do = "Put its text right and import it again."
        found.append(Finding(STOPS, f"The lesson “{each.name}” cannot be shown: {each.why}.", to_do))
    return found


def _is(names: tuple[str, ...]) -> str:
    return "is" if len(names) == 1 else "are"


def named(names: tuple[str, ...]) -> str:
    """The first three by name, the others as a number."""
    shown, more = list(names[:NAMED]), len(names) - NAMED
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _pictures(content: Content) -> list[Finding]:
    if not content.pictures:
        return []
    sentence = (
        f"{named(content.pictures)} {_is(content.pictures)} shown in a lesson and {_is(content.pictures)} not there."
    )
    return [Finding(LOOK, sentence, "Add the picture beside the lesson, or take it out of the text.")]


def _letters(facts: Facts) -> list[Finding]:
    letters = facts.letters
    found = []
    if letters.door:
        to_do = "Ask whoever runs this shop: without it nobody gets their link. Letters wait and go out by themselves."
        found.append(Finding(STOPS, f"The mail server is shut: {letters.door}", to_do))
    for each in letters.broken[:NAMED]:
        sentence = f"The letter for order {each.name} cannot be written: {each.why}."
        found.append(
            Finding(STOPS, sentence, "Open the order; what its letter needs is missing.", _order(each.name), "See it")
        )
    if letters.stuck:
        sentence = f"{counted(letters.stuck, 'letter waits', 'letters wait')} for the mail server."
        found.append(
            Finding(LOOK, sentence, "They are tried again by themselves; a wrong address is corrected in its order.")
        )
    return found


def _order(number: str) -> str:
    return f"/studio/orders/{number}"


def _stock(facts: Facts) -> list[Finding]:
    if facts.stock is None or facts.promised <= facts.stock:
        return []
    over = facts.promised - facts.stock
    sentence = f"{counted(facts.promised, 'place is', 'places are')} promised and there are {facts.stock:,}."
    to_do = f"Find {over:,} more, or cancel {over:,} with a reason."
    return [Finding(MONEY, sentence, to_do, f"/studio/products/{facts.slug}/orders", "See the orders")]


def _cards(facts: Facts) -> list[Finding]:
    cards, currency, orders = facts.cards, facts.money.currency, f"/studio/products/{facts.slug}/orders"
    found = []
    if cards.failing:
        sentence = f"{counted(cards.failing, 'card was', 'cards were')} refused by a bank: {exact(cards.failing_sum, currency)}."
        to_do = "Their buyers were told and reminded. Price and place are kept; the launch does not wait for them."
        found.append(Finding(MONEY, sentence, to_do, f"{orders}?state=past_due", "See them"))
    if cards.ending:
        sentence = f"{counted(cards.ending, 'saved card ends', 'saved cards end')} before the day: {exact(cards.ending_sum, currency)}."
        to_do = "Each buyer gets a letter four weeks ahead. A word of your own helps those who overlook it."
        found.append(Finding(MONEY, sentence, to_do, f"{orders}?state=expiring", "See them"))
    if cards.short_holds:
        sentence = f"{counted(cards.short_holds, 'hold lapses', 'holds lapse')} before the day."
        to_do = "They are placed anew by themselves. Rehearse again in an hour; if they are still here, reconcile."
        found.append(Finding(MONEY, sentence, to_do, f"{orders}?state=held", "See them"))
    return [*found, *_late(facts, orders)]


def _late(facts: Facts, orders: str) -> list[Finding]:
    """What the worker should have done by now."""
    found = []
    if facts.cards.overdue:
        sentence = f"{counted(facts.cards.overdue, 'saved card', 'saved cards')} should have been asked an hour ago."
        to_do = "Ask whoever runs this shop whether the worker runs and Stripe answers."
        found.append(Finding(MONEY, sentence, to_do, f"{orders}?state=reserved", "See them"))
    if facts.cards.stuck:
        sentence = f"{counted(facts.cards.stuck, 'call', 'calls')} to Stripe {_have(facts.cards.stuck)} no answer for over an hour."
        to_do = "They are asked again by themselves. If Stripe answers others, “storefront reconcile” says what became of them."
        found.append(Finding(MONEY, sentence, to_do, orders, "See the orders"))
    return found


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _others(facts: Facts) -> list[Finding]:
    if not facts.public:
        return [Finding(LOOK, "It is not for sale any more.", "Its launch goes on for those who ordered.")]
    if not facts.promised:
        to_do = "Send its address to the people who asked you for this."
        return [Finding(LOOK, "Nobody has ordered it yet.", to_do, f"/p/{facts.slug}", "Its page")]
    return []


class Expected(NamedTuple):
    """What a launch brings, in minor units: at the least, most likely, at the most (19 times in 20)."""

    least: int
    likely: int
    most: int


def expected(money: Money) -> Expected:
    """The money to expect: what is secured, and of the rest the share that banks granted so far.

    Where no bank has been asked yet nothing is known of the rest: then everything between is possible.
    """
    open_rest = money.ordered - money.secured - money.waiting
    if not money.asked:
        return Expected(money.secured, money.secured + open_rest, money.ordered)
    low, high = wilson(money.asked - money.declined, money.asked)
    good = (money.asked - money.declined) / money.asked
    return Expected(
        money.secured + int(open_rest * low),
        money.secured + round(open_rest * good),
        money.secured + round(open_rest * high) + money.waiting,
    )


def wilson(good: int, of: int) -> tuple[float, float]:
    """Between which shares the true one lies, 19 times in 20, after seeing `good` of `of` (Wilson's interval)."""
    share, square = good / of, SURE**2
    middle = share + square / (2 * of)
    reach = SURE * sqrt(share * (1 - share) / of + square / (4 * of**2))
    whole = 1 + square / of
    return max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)


def money_rows(money: Money) -> list[tuple[str, str]]:
    """What the page says of the money."""
    range_, cur = expected(money), money.currency
    if not money.ordered:
        return [("Ordered", "nothing yet")]
    rows = [("Ordered", exact(money.ordered, cur)), ("Secured", exact(money.secured, cur))]
    if money.waiting:
        rows.append(("Waiting for buyers", exact(money.waiting, cur)))
    between = f"{short(range_.least, cur)} to {short(range_.most, cur)}"
    if range_.least == range_.most:
        rows.append(("Expected", exact(range_.likely, cur)))
    elif money.asked:
        seen = f"{counted(money.declined, 'refusal')} of {counted(money.asked, 'card')} asked so far"
        rows.append(("Expected", f"{short(range_.likely, cur)}; 19 times in 20 between {between} ({seen})"))
    else:
        rows.append(("Expected", f"{between}: no bank has been asked yet"))
    return rows


def sentence(found: list[Finding], title: str) -> str:
    """The first words of a rehearsal."""
    counts = {severity: sum(each.severity == severity for each in found) for severity in SEVERITIES}
    if counts[STOPS]:
        return f"{title} would not open: {_things(counts[STOPS], 'stops', 'stop')} it."
    if counts[MONEY]:
        return f"{title} would open, and {_things(counts[MONEY], 'costs', 'cost')} money."
    if counts[LOOK]:
        return f"{title} would open. {_things(counts[LOOK], 'is', 'are').capitalize()} worth a look."
    return f"{title} would open, and nothing stands in its way."


def _things(count: int, one: str, many: str) -> str:
    return f"{number(count)} {'thing' if count == 1 else 'things'} {one if count == 1 else many}"


def summary(found: Sequence[Mapping[str, str]]) -> str:
    """What a rehearsal found, as it is kept, in a line: "1 stops the launch, 2 worth a look"."""
    words_of = {STOPS: "stops the launch", MONEY: "costs money", LOOK: "worth a look"}
    counts = [(sum(each["severity"] == severity for each in found), told) for severity, told in words_of.items()]
    return ", ".join(f"{count} {told}" for count, told in counts if count) or "all in order"


OCCASIONS = {"week": "A week ahead", "day": "A day ahead", "asked": "Asked for"}


def heading(occasion: str, at: datetime, zone: str) -> str:
    """When and why it was rehearsed."""
    return f"{OCCASIONS[occasion]}, {words.day_clock(at, zone)}"
