"""A product in the studio: its launch ahead, or under way, and its day to be set."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.models import cancellations
from storefront.models.orders import Attempt, Order
from storefront.models.products import Product
from storefront.rules import launch_words, pricing, words
from storefront.rules.decline_words import No
from storefront.rules.launch_words import Ahead, Progress, counted
from storefront.rules.money import short, symbol
from storefront.rules.standing_words import tried
from storefront.rules.words import Note
from storefront.web.context import now, shop
from storefront.web.studio import checks
from storefront.web.studio.launch_form import LaunchForm, gift_words, zones
from storefront.web.studio.overview import money_line, states_line
from storefront.web.studio.room import find_product, pages
from storefront.web.studio.tallies import Tally, money, progress, purchases, tallies, times

LOOK_AHEAD = timedelta(minutes=10)
MOST_DECLINES = 20


@dataclass(frozen=True)
class Preview:
    """What is shown before the button that sets or moves a launch."""

    when: str
    clocks: str
    note: Note
    button: str


@pages.get("/products/<slug>")
def product(slug: str) -> str:
    """One sentence, the numbers, and what can be done."""
    with shop().db.read() as session:
        found = find_product(session, slug)
        return product_page(session, found, LaunchForm.of(found.launch))


def product_page(session: Session, found: Product, form: LaunchForm, preview: Preview | None = None) -> str:
    """The page around a form: fresh, sent back, or to be confirmed."""
    tally = tallies(session, [found.id], now())[found.id]
    given_up = cancellations.of_product(session, found.id)
    told = _live(session, found) if found.launch.launched_at else _coming(found, tally)
    return render_template(
        "studio/product.html",
        product=found,
        form=form,
        preview=preview,
        zones=zones(),
        gifts=gifts(found),
        gift_words=gift_words(form, found),
        tally=tally,
        orders_line=counted(sum(tally.counts.values()), "order"),
        ladder=_ladder(found),
        given_up=f"Your buyers read: “{given_up.reason}”" if given_up else "",
        **told,
    )


def gifts(found: Product) -> list[tuple[str, str]]:
    """What a creator can offer to whoever waits."""
    bonuses = [(f"bonus:{each.slug}", f"A bonus: {each.title}") for each in found.bonuses]
    sign = symbol(found.currency)
    return [
        ("", "Nothing"),
        *bonuses,
        ("amount", f"A part of the price, in {sign}"),
        ("percent", "A part of the price, in %"),
    ]


def _ladder(found: Product) -> list[words.Tier]:
    launch = found.launch
    return pricing.ladder(found.offers, found.currency, launch.zone, out=launch.launched_at is not None, now=now())


def _coming(found: Product, tally: Tally) -> dict[str, Any]:
    launch, seen = found.launch, checks.look(found, tally, now())
    ahead = Ahead(found.title, launch.at, launch.zone, checks.obstacles(seen)) if launch.at else None
    return {
        "live": None,
        "meta": f"{words.KIND[found.kind]} · public since {_since(found.created_at, launch.zone)}",
        "sentence": launch_words.product_sentence(found.title, found.kind, ahead, now()),
        "second": words.full(launch.at, launch.zone) if launch.at else "",
        "figures": _figures(found, tally),
        "checks": seen,
        "every": 2 if launch.at and launch.at - LOOK_AHEAD <= now() else 0,
        "empty": _empty(found, tally),
        "may_set": launch.at is None or now() < launch.at,
        "moved": _moved(found) if launch.moved_at and tally.orders else None,
    }


def _since(at: datetime, zone: str) -> str:
    return words.clock(at, zone) if now() - at < timedelta(hours=18) else words.day_month(at, zone)


def _figures(found: Product, tally: Tally) -> list[tuple[str, ...]]:
    ordered = f"of {short(tally.ordered, found.currency)} ordered"
    rows = [
        ("Orders", f"{tally.orders:,}", states_line(tally)),
        ("Secured", short(tally.secured, found.currency), ordered),
        ("Captured", short(tally.captured, found.currency), money_line(tally, found.currency)),
        ("Waiting for buyers", f"{tally.waiting:,}", "a card to repair" if tally.waiting else "no card to repair"),
    ]
    return [*rows[:3], (*rows[3], "needs")] if tally.waiting else [*rows]


def _empty(found: Product, tally: Tally) -> Note | None:
    """Look's words for a product that nobody has ordered."""
    if any(tally.counts.values()) or found.retired_at:
        return None
    since = _since(found.created_at, found.launch.zone)
    text = f"The page is public since {since}. Send its address to the people who asked you for this: {shop().settings.base_url}/p/{found.slug}"
    return Note("news", "No orders yet", text)


def _moved(found: Product) -> Note:
    launch = found.launch
    moved_at = words.day_clock(launch.moved_at or now(), launch.zone)
    return Note("news", f"The day was moved on {moved_at}", f"“{launch.reason}” Each buyer was told.")


def _live(session: Session, found: Product) -> dict[str, Any]:
    launch = found.launch
    here = progress(session, launch, shop().settings.stripe_rate)
    parts = launch_words.parts(here)
    bought = purchases(session, launch)
    since = f"Bought since then: {bought:,}." if bought else ""
    at = f"{words.weekday_day(here.launched_at, here.zone)}, {launch_words.seconds(here.launched_at, here.zone)}"
    return {
        "live": here,
        "meta": f"{found.title} · launched {at} {words.place(here.zone)}",
        "sentence": launch_words.live_sentence(here),
        "second": since,
        "figures": _live_figures(session, found, here),
        "parts": parts,
        "parts_label": launch_words.parts_label(parts),
        "line": launch_words.so_far(here, times(session, launch), now()),
        "declines": _declines(session, found),
        "every": 0 if here.resting else 2,
    }


def _live_figures(session: Session, found: Product, here: Progress) -> list[tuple[str, ...]]:
    taken, currency = money(session, found.launch), found.currency
    gone = [f"{short(taken.refunded, currency)} refunded"] if taken.refunded else []
    gone += [f"{short(taken.disputed, currency)} disputed"] if taken.disputed else []
    last = times(session, found.launch).granted_last
    shut = f" · {here.paused:,} kept shut" if here.paused else ""
    granted = f"of {here.total:,}{shut}" + (f" · the last at {launch_words.seconds(last, here.zone)}" if last else "")
    waiting = f"{here.known:,} known before · {here.new:,} new" if here.waiting else "no card to repair"
    rows = [
        (
            "Captured",
            short(taken.captured, currency),
            " · ".join([f"of {short(taken.secured, currency)} secured", *gone]),
        ),
        ("Access granted", f"{here.granted:,}", granted),
        ("Letters accepted", f"{here.letters_sent:,}", f"{here.letters_owed:,} on the way"),
        ("Captures", f"{here.paid:,}", f"{here.to_go:,} to go"),
        ("Waiting for buyers", f"{here.waiting:,}", waiting),
    ]
    return [*rows[:4], (*rows[4], "needs")] if here.waiting else [*rows]


@dataclass(frozen=True)
class Decline:
    """A card that failed in this launch, and how it stands now."""

    number: str
    email: str
    said: str
    next: str
    tag: tuple[str, str]


def _declines(session: Session, found: Product) -> list[Decline]:
    """Cards that failed since the launch, the newest first; one line an order."""
    launch = found.launch
    query = select(Order, Attempt.detail).join(Attempt, Attempt.order_id == Order.id)
    failed = query.where(Order.product_id == found.id, Attempt.outcome == "declined")
    since = failed.where(Attempt.opened_at >= launch.launched_at).order_by(Attempt.id.desc()).limit(MOST_DECLINES)
    return [_decline(order, detail) for order, detail in session.execute(since).unique()]


def _decline(order: Order, detail: str) -> Decline:
    zone = order.product.launch.zone
    until = words.day_clock(order.grace_until, zone) if order.grace_until else ""
    no = No(order.decline or detail, order.decline_class, order.next_try_at)
    told = {
        "past_due": (
            f"Repair letter sent; price and place are kept until {until}. {tried(no, zone, now())}",
            ("needs", "Buyer told"),
        ),
        "reserved": ("Charged once more, on the saved card", ("ended", "Trying")),
        "held": ("Changed the card; access is back", ("done", "Repaired")),
        "paid": ("Changed the card, charged; access is back", ("done", "Repaired")),
    }
    happens, tag = told.get(order.state, ("The order has ended; its place went on", ("ended", "Ended")))
    return Decline(order.number, words.masked(order.email), no.said, happens, tag)
