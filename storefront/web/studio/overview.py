"""What is next, whether anything stands in its way, and every product in numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.models.products import Offer, Product
from storefront.rules import launch_words, pricing, standing_words, words
from storefront.rules.launch_axis import Planned, axis
from storefront.rules.launch_words import Ahead, Check, counted
from storefront.rules.money import short
from storefront.rules.words import Step
from storefront.web.context import now, shop
from storefront.web.studio import checks
from storefront.web.studio.room import me, mine, pages
from storefront.web.studio.tallies import ORDERED, Tally, tallies

MOST_STEPS = 8


@dataclass(frozen=True)
class Row:
    """A product in the studio's table."""

    slug: str
    title: str
    lang: str
    creator: str
    day: str
    day_is_red: bool
    clock: str
    orders: int
    states: str
    secured: str
    captured: str
    gone: str
    offers: list[tuple[str, str]]
    retired: bool


@pages.get("")
def overview() -> str:
    """The studio's first page."""
    with shop().db.read() as session:
        found = _products(session)
        numbers = tallies(session, [each.id for each in found], now())
        ahead = _ahead(found)
        planned = [_planned(each, numbers[each.id]) for each in ahead]
        waiting = sum(numbers[each.id].waiting for each in found)
        return render_template(
            "studio/overview.html",
            sentence=launch_words.studio_sentence(_launches(ahead, numbers), len(found), waiting, now()),
            axis=axis(planned, now()) if planned else None,
            steps=_steps(ahead, numbers),
            cards=[check for each in found for check in _failing(each, numbers[each.id])],
            second=_named(ahead[0], numbers) if ahead else "",
            rows=[_row(each, numbers[each.id]) for each in _in_order(found, ahead)],
        )


def _products(session: Session) -> Sequence[Product]:
    return session.scalars(mine(select(Product).order_by(Product.id.desc()))).unique().all()


def _day(product: Product) -> datetime:
    """The day of a product whose launch is ahead."""
    return product.launch.at or now()


def _ahead(found: Sequence[Product]) -> list[Product]:
    """Products whose launch has a day and has not come, the next one first."""
    coming = [p for p in found if p.launch.at and p.launch.launched_at is None and p.retired_at is None]
    return sorted(coming, key=_day)


def _in_order(found: Sequence[Product], ahead: Sequence[Product]) -> list[Product]:
    """What opens next stands first; then what has no day yet, then what is out, the newest first."""
    rest = [each for each in found if each not in ahead]
    return [*ahead, *sorted(rest, key=lambda each: each.launch.launched_at is not None)]


def _named(first: Product, numbers: Mapping[int, Tally]) -> str:
    """What stands in the way of the next launch, by name."""
    needs = [each.title for each in checks.look(first, numbers[first.id], now()) if each.kind == "needs"]
    return f"{first.title}: {', '.join(needs).lower()}." if needs else ""


def _launches(ahead: Sequence[Product], numbers: Mapping[int, Tally]) -> list[Ahead]:
    return [
        Ahead(p.title, _day(p), p.launch.zone, checks.obstacles(checks.look(p, numbers[p.id], now()))) for p in ahead
    ]


def _planned(product: Product, tally: Tally) -> Planned:
    second = _ordered(product, tally, " · ")
    ends = [each.until for each in product.offers if each.until]
    return Planned(product.title, product.slug, second, _day(product), product.launch.zone, ends)


def _ordered(product: Product, tally: Tally, between: str) -> str:
    if not tally.orders:
        return "no orders yet"
    return f"{counted(tally.orders, 'order')}{between}{short(tally.ordered, product.currency)}"


def _steps(ahead: Sequence[Product], numbers: Mapping[int, Tally]) -> list[Step]:
    """The axis as a line, for a phone."""
    if not ahead:
        return []
    today = Step("Today", "", "past", words.weekday_day(now(), ahead[0].launch.zone))
    return [today, *(_step(each, numbers[each.id]) for each in ahead[:MOST_STEPS])]


def _step(product: Product, tally: Tally) -> Step:
    zone = product.launch.zone
    when = f"{words.short_weekday_day(_day(product), zone)}, {words.clock(_day(product), zone)}"
    text = _ordered(product, tally, ", ")
    return Step(when, words.bold(text), "day", product.title)


def _row(product: Product, tally: Tally) -> Row:
    launch, currency = product.launch, product.currency
    day, clock = _day_words(product)
    return Row(
        slug=product.slug,
        title=product.title,
        lang=product.lang,
        creator=product.creator.name if product.creator_id != me().id else "",
        day=day,
        day_is_red=launch.at is not None and launch.launched_at is None,
        clock=clock,
        orders=tally.orders,
        states=states_line(tally),
        secured=short(tally.secured, currency),
        captured=short(tally.captured, currency),
        gone=money_line(tally, currency) if tally.captured != tally.kept else "",
        offers=[(each.name, offer_left(each, product)) for each in product.offers],
        retired=product.retired_at is not None,
    )


def _day_words(product: Product) -> tuple[str, str]:
    launch = product.launch
    if launch.launched_at:
        return f"Out since {words.day_month(launch.launched_at, launch.zone)}", ""
    if launch.at:
        return words.short_weekday_day(launch.at, launch.zone), words.clock_place(launch.at, launch.zone)
    return "No day yet", ""


def _failing(product: Product, tally: Tally) -> list[Check]:
    """Cards of one product that need their buyers, or will: how many, whose, and the way to them."""
    return [
        replace(check, title=f"{product.title}: {check.title}")
        for check in (checks.waiting(product, tally), checks.expiring(product, tally))
        if check is not None
    ]


def money_line(tally: Tally, currency: str) -> str:
    """What of the captured money does not stay, each kind apart."""
    kinds = [(tally.refunded, "refunded"), (tally.disputed, "disputed"), (tally.lost, "lost to a bank")]
    gone = [f"{short(amount, currency)} {told}" for amount, told in kinds if amount]
    return " · ".join([*gone, f"{short(tally.kept, currency)} stay"]) if gone else "nothing refunded"


def states_line(tally: Tally) -> str:
    """Live orders by state, in words: "12 card saved · 3 secured"."""
    some = [(tally.counts.get(state, 0), standing_words.LIVE_WORDS[state]) for state in ORDERED]
    return " · ".join(f"{count:,} {state}" for count, state in some if count)


def offer_left(offer: Offer, product: Product) -> str:
    """Units left of an offer; of one that has ended, those that were taken."""
    if product.retired_at or pricing.ended(offer, out=product.launch.launched_at is not None, now=now()):
        return f"ended, {offer.taken:,} taken"
    if offer.units is None:
        return f"{offer.taken:,} taken"
    return f"{max(offer.units - offer.taken, 0):,} of {offer.units:,} left"
