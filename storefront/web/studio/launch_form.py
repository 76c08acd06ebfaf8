"""The form that sets or moves a launch: what was typed, what it means, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from storefront.actions.launching import NOTHING, Offered
from storefront.models.products import Launch, Product
from storefront.rules import launch as rule
from storefront.rules import launch_words
from storefront.rules.gift import MOST_PERCENT
from storefront.rules.launch import Ambiguous, Missing, Moment, Refused
from storefront.rules.money import BadAmount, exact, parse, step

YEARS_AHEAD = 3
LONGEST_REASON = 500
FIELDS = {
    "unknown_zone": "zone",
    "no_reason": "reason",
    "in_the_past": "day",
    "too_far": "day",
    "too_soon": "day",
    "same_date": "day",
    "latest": "day",
}
NOT_PLACES = ("Etc/", "SystemV/", "US/", "posix/", "right/")


@cache
def zones() -> list[str]:
    """The zones to choose from: places by continent, and UTC."""
    return ["UTC", *sorted(each for each in available_timezones() if "/" in each and not each.startswith(NOT_PLACES))]


@dataclass(frozen=True)
class LaunchForm:
    """As typed. `choices` asks which of two moments was meant; `refusal` stands for the whole form."""

    day: str = ""
    time: str = ""
    zone: str = ""
    reason: str = ""
    fold: int | None = None
    undated: bool = False
    gift: str = ""
    gift_size: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    choices: list[tuple[str, str]] = field(default_factory=list)
    refusal: str = ""

    @classmethod
    def of(cls, launch: Launch) -> "LaunchForm":
        """The form as it is first shown: the day there is."""
        day, _, clock = launch.wall.partition("T")
        return cls(day=day, time=clock[:5], zone=launch.zone)

    @classmethod
    def read(cls, sent: Mapping[str, str]) -> "LaunchForm":
        """What was sent, cut to a length that can be meant."""
        fold = sent.get("fold", "")
        return cls(
            day=sent.get("day", "").strip()[:20],
            time=sent.get("time", "").strip()[:20],
            zone=sent.get("zone", "").strip()[:64],
            reason=sent.get("reason", "").strip()[:LONGEST_REASON],
            fold=int(fold) if fold in {"0", "1"} else None,
            undated=sent.get("undated") == "yes",
            gift=sent.get("gift", "")[:40],
            gift_size=sent.get("gift_size", "").strip()[:20],
        )

    def refused(self, refusal: Refused) -> "LaunchForm":
        """The same form with the sentence where it belongs."""
        place = FIELDS.get(refusal.code)
        if place is None:
            return replace(self, refusal=refusal.sentence)
        return replace(self, errors={**self.errors, place: refusal.sentence})

    def meant(self, now: datetime) -> "Moment | LaunchForm | None":
        """The moment that was meant, None for no day, or the form with what is wrong or open."""
        if self.undated:
            return None
        wall = self._wall(now)
        if isinstance(wall, LaunchForm):
            return wall
        found = rule.resolve(wall, self.zone, self.fold)
        if isinstance(found, Moment):
            return found
        if isinstance(found, Refused):
            return self.refused(found)
        return self._missing(wall, found) if isinstance(found, Missing) else self._ambiguous(found)

    def _wall(self, now: datetime) -> "datetime | LaunchForm":
        errors: dict[str, str] = {}
        day, clock = _day(self.day, now, errors), _clock(self.time, errors)
        if day is None or clock is None:
            return replace(self, errors=errors)
        return datetime.combine(day, clock)

    def _missing(self, wall: datetime, found: Missing) -> "LaunchForm":
        return replace(self, errors={"time": launch_words.gap_words(wall, self.zone, found.after)})

    def _ambiguous(self, found: Ambiguous) -> "LaunchForm":
        moments = ((found.first, True), (found.second, False))
        words = [launch_words.twice_words(each.at, self.zone, first=first) for each, first in moments]
        return replace(self, choices=[("0", words[0]), ("1", words[1])])

    def offered(self, product: Product) -> "Offered | LaunchForm":
        """What whoever waits gets, or the form with what is wrong."""
        if self.gift.startswith("bonus:"):
            found = next((each.id for each in product.bonuses if f"bonus:{each.slug}" == self.gift), None)
            return (
                Offered("bonus", bonus_id=found) if found else self._gift_error("Choose one of the bonuses there are.")
            )
        if self.gift == "percent":
            fits = self.gift_size.isascii() and self.gift_size.isdigit() and 0 < int(self.gift_size) <= MOST_PERCENT
            percent = f"Write whole percents, from 1 to {MOST_PERCENT}."
            return Offered("percent", int(self.gift_size)) if fits else self._gift_error(percent)
        return self._amount(product) if self.gift == "amount" else NOTHING

    def _amount(self, product: Product) -> "Offered | LaunchForm":
        try:
            return Offered("amount", parse(self.gift_size, product.currency, lowest=step(product.currency)))
        except BadAmount as error:
            return self._gift_error(f"{error}.")

    def _gift_error(self, sentence: str) -> "LaunchForm":
        return replace(self, errors={**self.errors, "gift_size": sentence})

    def values(self) -> dict[str, Any]:
        """What a confirmation carries on, hidden."""
        typed = {"day": self.day, "time": self.time, "zone": self.zone, "reason": self.reason}
        more = {"fold": self.fold, "undated": "yes" if self.undated else None}
        gift = {"gift": self.gift or None, "gift_size": self.gift_size or None}
        return typed | {name: value for name, value in (more | gift).items() if value is not None}


def _day(typed: str, now: datetime, errors: dict[str, str]) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        errors["day"] = f"Write the day as year-month-day, such as {now.astimezone(UTC):%Y-%m-%d}."
        return None
    if day < now.date() - timedelta(days=1):
        errors["day"] = "That day has passed. Choose one that is still to come."
        return None
    if day.year > now.year + YEARS_AHEAD:
        errors["day"] = f"{day.year} is too far from now. Choose a day within the next year."
        return None
    return day


def _clock(typed: str, errors: dict[str, str]) -> time | None:
    try:
        clock = time.fromisoformat(typed)
    except ValueError:
        clock = None
    if clock is None or clock.tzinfo is not None:
        errors["time"] = "Write the time as hours and minutes, such as 10:00."
        return None
    return clock.replace(second=0, microsecond=0)


def gift_words(form: LaunchForm, product: Product) -> str:
    """What whoever waits gets, as it was chosen."""
    offered = form.offered(product)
    if isinstance(offered, LaunchForm) or not offered.kind:
        return ""
    if offered.kind == "bonus":
        return next(f"“{each.title}”" for each in product.bonuses if each.id == offered.bonus_id)
    return f"{offered.size} % of the price" if offered.kind == "percent" else exact(offered.size, product.currency)
