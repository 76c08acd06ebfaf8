"""The shop: its shelf, a product's page, covers, and a day for the calendar."""

import hashlib
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, render_template
from sqlalchemy.orm import Session

from storefront.actions.ordering import consent_now, current_offer, mode_now, seen_now, standing_of
from storefront.models import cancellations, products
from storefront.models.products import Offer, Product
from storefront.models.tickets import Ticket
from storefront.rules import list_words, pricing, product_words, promise, queue_words, words
from storefront.rules.delay import RUNS_LATE
from storefront.rules.money import short
from storefront.rules.stock import Kind, Standing
from storefront.web import errors, filters, forms
from storefront.web.context import now, shop

pages = Blueprint("shop", __name__)
GONE = 410


@pages.get("/")
def home() -> str:
    """What opens next, what can be pre-ordered, what is out."""
    with shop().db.read() as session:
        found = products.on_sale(session)
        ahead = sorted(
            (p for p in found if p.launch.launched_at is None and p.launch.at), key=lambda p: p.launch.at or now()
        )
        out = sorted(
            (p for p in found if p.launch.launched_at), key=lambda p: p.launch.launched_at or now(), reverse=True
        )
        return render_template(
            "shop/home.html",
            next=card(ahead[0]) if ahead else None,
            open=[card(each) for each in ahead[1:]],
            out=[card(each) for each in out],
            coming=[card(p) for p in found if p.launch.launched_at is None and not p.launch.at],
        )


def card(product: Product) -> dict[str, Any]:
    """A product as shelves, bands and heads show it."""
    launch, moment = product.launch, now()
    return {
        "slug": product.slug,
        "title": product.title,
        "lead": product.lead,
        "lang": product.lang,
        "kind": product.kind,
        "kind_word": f"{words.KIND[product.kind]} by {product.creator.name}",
        "creator": product.creator.name,
        "band": product.band,
        "cover_url": f"/covers/{product.slug}.svg?v={cover_version(product)}",
        "price_line": price_line(product, moment),
        "day": words.day(launch.at, launch.zone) if launch.at else None,
        "opens_in": words.left(launch.at, moment) if launch.at else "",
        "day_line": day_line(product),
        "day_is_red": launch.launched_at is None and launch.at is not None,
        "who": f"{words.KIND[product.kind]} by {product.creator.name}",
        "url": f"/p/{product.slug}",
    }


def cover_version(product: Product) -> str:
    """Changes with the cover, so that browsers may keep it for ever."""
    return hashlib.sha256(product.cover.encode()).hexdigest()[:10]


def day_line(product: Product) -> str:
    """The line under a cover: the day it opens, or since when it is out."""
    launch = product.launch
    if launch.launched_at:
        return f"Out since {words.day_month(launch.launched_at, launch.zone)}"
    return words.short_weekday_day(launch.at, launch.zone) if launch.at else "No date yet"


def price_line(product: Product, moment: datetime) -> str:
    """The price now, what is left of it, and what comes after."""
    offer, told = current_offer(product, moment), standing_of(product, moment)
    if told.availability is None:
        return "Not for sale now"
    if offer is None or told.kind is None:
        return "Sold out · waiting list" if told.listed else "Sold out"
    amount = short(offer.price, product.currency)
    if told.kind is Kind.BACK_ORDER:
        return f"{amount} · back-order"
    left = pricing.left_words(offer, told.left)
    if left:
        return f"{amount} · {left}"
    last = pricing.after_launch(product.offers)
    if last is not None and product.offers[last].id != offer.id and product.launch.launched_at is None:
        return f"{amount} until launch, then {short(product.offers[last].price, product.currency)}"
    return amount


@pages.get("/p/<slug>")
def product(slug: str) -> str:
    """What it is, what is inside, which day, which price, and one form."""
    with shop().db.read() as session:
        return product_page(product_at(session, slug), forms.OrderForm.empty(shop().chance))


def product_at(session: Session, slug: str) -> Product:
    """The product at this address. One that was given up is told from one that never was: 410, and what became of it."""
    product = products.by_slug(session, slug)
    if product is not None:
        return product
    ended = cancellations.of_slug(session, slug) or abort(404)
    day = words.day_month_year(ended.started_at, ended.product.launch.zone)
    sentence = (
        f"{ended.product.creator.name} gave it up on {day}. Whoever ordered it has a letter about it: nobody is charged "
        "any more, and what was paid goes back by itself."
    )
    return abort(errors.page(GONE, f"{ended.product.title} has been cancelled", sentence))


def product_page(product: Product, form: forms.OrderForm, ticket: Ticket | None = None) -> str:
    """A product's page around a form, fresh or sent back with what was typed; for a ticket with its unit kept."""
    launch, moment = product.launch, now()
    out = launch.launched_at is not None
    told = standing_of(product, moment, ticket)
    offer = current_offer(product, moment) if told.kind else None
    coming = launch.at if not out else None
    amount = short(offer.price, product.currency) if offer else ""
    free = next((each for each in product.lessons if each.free), None)
    return render_template(
        "shop/product.html",
        lang="en",
        product=card(product) | {"kind_word": words.KIND[product.kind], "length_line": product.length},
        day=words.day(coming, launch.zone) if coming else None,
        day_title=day_line(product) if out else "",
        countdown=words.countdown(coming, moment) if coming else None,
        now_iso=moment.isoformat(),
        calendar_url=f"/p/{product.slug}/day.ics" if coming else "",
        news_url="" if out or product.retired_at else f"/p/{product.slug}/news",
        ladder=pricing.ladder(product.offers, product.currency, launch.zone, out=out, now=moment, stock=told.left),
        form=_form(product, offer, form, amount, told, ticket) if offer else _no_form(product, form, told),
        line=_line(product, amount, moment, told) if offer else [],
        queue=_queue(product, told),
        contents=_contents(product),
        bonuses=_bonuses(product),
        author_html=filters.prose(product.author_text),
        questions=[{"ask": each["ask"], "answer_html": filters.prose(each["answer"])} for each in product.questions],
        policy=promise.policy(
            mode_now(product, moment, ticket), shop().outside.terms, out=out, queue=told.kind is Kind.BACK_ORDER
        ),
        free_lesson_url=f"/p/{product.slug}/lessons/{free.slug}" if free else "",
        bar=_bar(product, offer, amount, told),
        structured=structured_data(product, offer, told),
    )


def _contents(product: Product) -> list[dict[str, Any]]:
    """The lessons of a course, or the files of anything else; what a bonus brings is named with it."""
    lessons = [each for each in product.lessons if each.bonus_id is None]
    if lessons:
        return [
            {
                "number": number,
                "title": each.title,
                "free": each.free,
                "minutes": each.minutes,
                "url": f"/p/{product.slug}/lessons/{each.slug}",
            }
            for number, each in enumerate(lessons, 1)
        ]
    files = [each for each in product.files if each.role == "download" and each.bonus_id is None]
    sizes = [f"{each.label} · {each.size / 1024:,.0f} KB" for each in files]
    return [{"number": n, "title": title, "free": False, "minutes": 0, "url": ""} for n, title in enumerate(sizes, 1)]


def _bonuses(product: Product) -> list[dict[str, str]]:
    """Each bonus, with the offers that bring it."""
    with_them = {each.id: [o.name for o in product.offers if each in o.bonuses] for each in product.bonuses}
    return [
        {"title": f"Bonus: {each.title}", "words": f"With: {', '.join(with_them[each.id])}"}
        for each in product.bonuses
        if with_them[each.id]
    ]


def _queue(product: Product, told: Standing) -> dict[str, str] | None:
    """The head of a panel that takes back-orders: when it is expected, the latest date, how many wait."""
    if told.kind is not Kind.BACK_ORDER or told.by is None:
        return None
    zone, soon = product.launch.zone, told.starts if told.starts != told.by else None
    return {
        "expected": f"Expected {words.weekday_day(soon, zone)}" if soon else "Back-order",
        "latest": f"At the latest {words.weekday_day(told.by, zone)}",
        "waits": queue_words.waits(product.queued),
    }


def _form(
    product: Product, offer: Offer, form: forms.OrderForm, amount: str, told: Standing, ticket: Ticket | None
) -> dict[str, Any]:
    launch, mode = product.launch, mode_now(product, now(), ticket)
    out, queue = launch.launched_at is not None, told.kind is Kind.BACK_ORDER
    consent = consent_now(product, offer, now(), ticket)
    return {
        "seen": seen_now(told),
        "ticket": form.ticket,
        "action": f"/p/{product.slug}/order",
        "offer_id": offer.id,
        "nonce": form.nonce,
        "email": form.email,
        "email_error": form.errors.get("email", ""),
        "email_hint": "The access link goes here."
        if out and not queue
        else f"The access link goes here. You can correct it until {'your turn' if queue else 'the launch'}.",
        "consent_text": consent,
        "consent_needed": bool(consent),
        "consent_given": form.consent,
        "consent_error": form.errors.get("consent", ""),
        "button": queue_words.button(amount)
        if queue
        else promise.button(mode, amount, launch.at, launch.zone, out=out),
        "sending_word": "Opening Stripe …",
        "today_line": queue_words.today() if queue else promise.today(mode, amount, product.kind, out=out),
        "error": form.note,
        "ended": None,
    }


ALL_TAKEN = ("All are taken", "Every place is taken. If one is freed, it is for sale here again.")
NO_DAY = ("No day yet", "It has no day yet, so it cannot be ordered. Once its creator sets one, it is for sale here.")


DAY_OVER = (
    "Not for sale now",
    "Its day has passed, and it has not opened yet. Once it opens or has another day, it is for sale here again.",
)


def _why_no_offer(product: Product) -> tuple[str, str]:
    """Before the launch: there is no day, its day is over, or all are taken."""
    at = product.launch.at
    if at is None:
        return NO_DAY
    return DAY_OVER if at + RUNS_LATE <= now() else ALL_TAKEN


def _no_form(product: Product, form: forms.OrderForm, told: Standing) -> dict[str, Any]:
    """All are taken: the waiting list instead. Or there is no day: the button is off, the reason above it.

    What was typed stays.
    """
    if told.listed:
        return list_form(product, form)
    button, why = ALL_TAKEN if product.launch.launched_at else _why_no_offer(product)
    return {
        "action": "",
        "offer_id": 0,
        "nonce": form.nonce,
        "email": form.email,
        "email_error": "",
        "consent_needed": False,
        "button": button,
        "sending_word": "",
        "today_line": "",
        "error": form.note,
        "ended": why,
    }


def list_form(product: Product, form: forms.OrderForm) -> dict[str, Any]:
    """The form that asks for a place on the waiting list."""
    return {
        "listed": True,
        "action": f"/p/{product.slug}/waiting",
        "email": form.email,
        "email_error": form.errors.get("email", ""),
        "email_hint": "The offer goes here, and nothing else.",
        "consent_text": list_words.consent(product.title, product.kind),
        "consent_given": form.consent,
        "consent_error": form.errors.get("consent", ""),
        "news_text": list_words.NEWS,
        "button": "Put me on the waiting list",
        "today_line": f"Nothing is charged. A free unit is kept for you {list_words.time_to_answer(product.offer_hours)}.",
        "error": form.note,
        "ended": "",
    }


def _line(product: Product, amount: str, moment: datetime, told: Standing) -> list[words.Step]:
    launch = product.launch
    if told.kind is Kind.BACK_ORDER and told.by is not None:
        soon = told.starts if told.starts != told.by else None
        return queue_words.product_line(amount, soon, told.by, launch.zone, moment)
    if launch.launched_at or not launch.at:
        return product_words.purchase_line(product.kind, amount, launch.zone, moment)
    return product_words.line(product.kind, mode_now(product, moment), amount, launch.at, launch.zone, moment)


def _bar(product: Product, offer: Offer | None, amount: str, told: Standing) -> dict[str, str] | None:
    if offer is None:
        return None
    launch = product.launch
    if told.kind is Kind.BACK_ORDER and told.by is not None:
        soon = told.starts if told.starts != told.by else None
        return {"price": amount, "left_line": "", "charged_line": queue_words.bar_line(soon, told.by, launch.zone)}
    count = pricing.left(offer, told.left)
    left = f"{count:,} left" if count else ""
    charged = "" if launch.launched_at or not launch.at else f"charged on {words.day_month(launch.at, launch.zone)}"
    return {"price": amount, "left_line": left, "charged_line": charged}


def structured_data(product: Product, offer: Offer | None, told: Standing) -> dict[str, Any]:
    """schema.org's description, from the same facts as the page; without an offer while there is no day to promise."""
    base = shop().settings.base_url
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.title,
        "description": product.lead,
        "image": f"{base}/covers/{product.slug}.svg",
    }
    if told.availability is None:
        return data
    data["offers"] = {
        "@type": "Offer",
        "availability": f"https://schema.org/{told.availability}",
        "url": f"{base}/p/{product.slug}",
        "priceCurrency": product.currency,
    }
    if offer:
        data["offers"]["price"] = short(offer.price, product.currency).split(words.NBSP)[0].replace(",", "")
    if told.starts:
        data["offers"]["availabilityStarts"] = told.starts.isoformat()
    return data


@pages.get("/covers/<slug>.svg")
def cover(slug: str) -> Response:
    """A product's cover: drawn once, at import."""
    with shop().db.read() as session:
        found = products.by_slug(session, slug) or abort(404)
        response = Response(found.cover, mimetype="image/svg+xml")
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response


@pages.get("/p/<slug>/day.ics")
def calendar(slug: str) -> Response:
    """The launch as a calendar entry."""
    with shop().db.read() as session:
        found = product_at(session, slug)
        if not found.launch.at or found.launch.launched_at:
            abort(404)
        text = words.calendar_entry(
            uid=f"launch-{found.id}@{shop().settings.base_url.split('//')[1]}",
            title=f"{found.title} {words.OPENS[found.kind]}",
            url=f"{shop().settings.base_url}/p/{slug}",
            at=found.launch.at,
            version=found.launch.generation,
            now=now(),
        )
    headers = {"Content-Disposition": f'attachment; filename="{slug}.ics"'}
    return Response(text, mimetype="text/calendar", headers=headers)
