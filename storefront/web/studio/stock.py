"""Stock in the studio: units and licence keys in and out, the queue, the waiting list, and how each restock goes."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import restocking
from storefront.actions.ordering import standing_of
from storefront.actions.stocking import of_product
from storefront.models import keys, queues
from storefront.models.orders import Order
from storefront.models.products import Launch, Product
from storefront.rules import key_list, stock_words, words
from storefront.rules.key_list import Read
from storefront.rules.money import short
from storefront.rules.stock import end_of_day, refuse_days
from storefront.rules.stock_words import Would
from storefront.rules.words import Note
from storefront.web.context import now, shop
from storefront.web.limits import LONG_FORMS
from storefront.web.studio.room import find_product, pages, signature

UNREADABLE, NOT_NOW = 422, 409
MOST_UNITS = 1_000_000
MOST_ROWS = 50
MOST_RESTOCKS = 10
NOT_UTF_8 = "This file is not text in UTF-8. Save it as “CSV UTF-8”, or paste the keys."
LONG_FORMS["studio.change_stock"] = 2 * 1024 * 1024


@dataclass(frozen=True)
class StockForm:
    """What was typed: `what` is "add", "lower", "keys", "limit" or "terms"."""

    what: str = ""
    units: str = ""
    keys: str = ""
    cap: str = ""
    expected: str = ""
    latest: str = ""
    hours: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, found: Product) -> "StockForm":
        """The form as the product stands."""
        zone = found.launch.zone
        return cls(
            cap=str(found.backorders),
            expected=_iso(found.expected_at, zone),
            latest=_iso(found.latest_at, zone),
            hours=str(found.offer_hours),
        )

    @classmethod
    def read(cls, found: Product) -> "StockForm":
        """What was sent; what belongs to the other forms of the page is as it stands."""
        sent, fresh = request.form, cls.of(found)
        typed: dict[str, Any] = {
            name: sent[name].strip() for name in ("units", "cap", "expected", "latest", "hours") if name in sent
        }
        pasted, wrong = _keys_sent()
        return replace(fresh, what=sent.get("what", ""), keys=pasted, errors=wrong, **typed)

    def wrong(self, **errors: str) -> "StockForm":
        """The same, with what is wrong about it."""
        return replace(self, errors={**self.errors, **errors})


def _iso(at: datetime | None, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d}" if at else ""


def _keys_sent() -> tuple[str, dict[str, str]]:
    """A file, if one was chosen; else what was pasted. A file that is no text would give keys that nobody has."""
    chosen = request.files.get("file")
    content = chosen.read() if chosen and chosen.filename else b""
    text = key_list.decode(content) if content else request.form.get("keys", "")
    return (text, {}) if text is not None else ("", {"file": NOT_UTF_8})


def whole(typed: str, most: int = MOST_UNITS) -> int | None:
    """A whole number that is not negative, or None."""
    fits = typed.isascii() and typed.isdigit() and len(typed) <= len(str(most))
    return int(typed) if fits and int(typed) <= most else None


@dataclass(frozen=True)
class Preview:
    """What is shown before the button that does it; `buttons`: (step, words), the first one is the next step."""

    note: Note
    buttons: tuple[tuple[str, str], ...]
    more: Note | None = None


@pages.get("/products/<slug>/stock")
def stock(slug: str) -> Response:
    """How the stock stands, and what can be done about it."""
    with shop().db.read() as session:
        found = find_product(session, slug)
        return _page(session, found, StockForm.of(found))


@pages.post("/products/<slug>/stock")
def change_stock(slug: str) -> Response:
    """Look at what a change would do, go back to the form, or do it."""
    step = request.form.get("step")
    with shop().db.read() as session:
        found = find_product(session, slug)
        form = StockForm.read(found)
        checked = _checked(found, form)
        if checked.errors:
            return _page(session, found, checked, status=UNREADABLE)
        if step == "edit":
            return _page(session, found, form)
        if step not in {"do", "good"}:
            return _look(session, found, form)
    return _do(slug, form, step)


def _checked(found: Product, form: StockForm) -> StockForm:
    if form.what in {"add", "lower", "limit"} and not whole(form.units):
        return form.wrong(units=f"Write a whole number from 1 to {MOST_UNITS:,}.")
    if form.what == "keys" and not form.errors and not form.keys.strip():
        return form.wrong(keys="Paste the keys, one a line, or choose a file.")
    return _checked_terms(found, form) if form.what == "terms" else form


def _checked_terms(found: Product, form: StockForm) -> StockForm:
    if whole(form.cap) is None:
        form = form.wrong(cap="Write a whole number; 0 takes no back-orders.")
    if not whole(form.hours, 24 * 14):
        form = form.wrong(hours="Write whole hours, from 1 to 336.")
    for name in ("expected", "latest"):
        if getattr(form, name) and _day(getattr(form, name), found.launch.zone) is None:
            form = form.wrong(**{name: "Write the day as year-month-day, or leave it empty."})
    if form.errors:
        return form
    why = refuse_days(_day(form.expected, found.launch.zone), _day(form.latest, found.launch.zone), now())
    return form.wrong(latest=why) if why else form


def _day(typed: str, zone: str) -> datetime | None:
    """The end of the day that was typed."""
    try:
        return end_of_day(date.fromisoformat(typed), zone) if typed else None
    except ValueError:
        return None


def _look(session: Session, found: Product, form: StockForm) -> Response:
    """What it would do; nothing is changed by looking."""
    if form.what == "keys":
        return _look_at_keys(session, found, form)
    count = whole(form.units) or 0
    if form.what == "add":
        note = stock_words.serving(_would(session, found, count))
        button = f"Add {stock_words.units(count, found.kind, pool=False)}"
    elif form.what == "lower":
        if refused := restocking.refuse_lower(found, count):
            return _page(session, found, form.wrong(units=refused.sentence), status=UNREADABLE)
        facts = of_product(found)
        note = stock_words.lowering((found.stock or 0) - count, facts.taken - facts.queued, facts.kept)
        button = f"Take {count:,} out"
    else:
        return _do(found.slug, form, "do")
    return _page(session, found, form, Preview(note, (("do", button),)))


def _look_at_keys(session: Session, found: Product, form: StockForm) -> Response:
    given, known = key_list.read(form.keys), keys.known(session, found.id)
    wrong, good = given.faults(known), given.without_faults(known)
    serving = stock_words.serving_keys(_would(session, found, len(good.keys)), good.keys)
    if not wrong:
        button = ("do", f"Import {stock_words.units(len(good.keys), 'software')}")
        return _page(session, found, form, Preview(serving, (button,)))
    some = (("good", stock_words.import_only(len(good.keys))),) if _can_take(good, known) else ()
    told = Preview(stock_words.faults(wrong, len(good.keys)), some, serving if some else None)
    return _page(session, found, form, told, UNREADABLE)


def _can_take(good: Read, known: set[str]) -> bool:
    return bool(good.keys) and not good.faults(known)


def _would(session: Session, found: Product, count: int) -> Would:
    """What so many more units would do now: a gap is filled first, then the head of the queue."""
    queue = queues.length(session, found.id)
    served = min(max((of_product(found).free or 0) + count, 0), queue)
    head = queues.waiting(found.id).with_only_columns(Order.price).limit(served).subquery()
    money = session.scalar(select(func.coalesce(func.sum(head.c.price), 0))) if served else 0
    return Would(count, served, queue, int(money or 0), found.currency, found.waiting)


def _do(slug: str, form: StockForm, step: str) -> Response:
    """Do it, unless the stock is no longer what the creator looked at. What is refused has changed nothing."""
    with shop().db.write() as session:
        found = find_product(session, slug)
        restocking.lock(session, found)
        refused = _changed_since(found, form) or _change(session, found, form, step)
    if refused:
        return _refused(slug, form, refused)
    flash(DONE[form.what], "done")
    return redirect(url_for("studio.stock", slug=slug), code=303)


def _changed_since(found: Product, form: StockForm) -> str:
    counted = form.what in {"add", "lower"} and request.form.get("seen", str(found.stock)) != str(found.stock)
    return "The stock has changed since you looked. Look at it again." if counted else ""


def _refused(slug: str, form: StockForm, why: str) -> Response:
    """The page as it stands after that, with the sentence; a refusal has written nothing."""
    told = Preview(Note("needs", "That was not done", why), ())
    with shop().db.read() as session:
        return _page(session, find_product(session, slug), form, told, NOT_NOW)


DONE = {
    "add": "Added. The head of the queue is served first.",
    "keys": "Imported. The head of the queue is served first.",
    "lower": "Taken out. Every order stays.",
    "limit": "It has a limit now.",
    "terms": "Set. Orders in the queue keep what they were told.",
}


def _change(session: Session, found: Product, form: StockForm, step: str) -> str:
    """Do it; the sentence that says why not, or ""."""
    count, who = whole(form.units) or 0, signature()
    made: Launch | restocking.Refused | None
    if form.what == "add":
        made = restocking.add_units(session, found, count, who, now())
    elif form.what == "keys":
        given = key_list.read(form.keys)
        taken = given.without_faults(keys.known(session, found.id)) if step == "good" else given
        made = restocking.import_keys(session, found, taken, who, now())
    elif form.what == "lower":
        made = restocking.lower(session, found, count, who, now())
    elif form.what == "limit":
        made = restocking.begin_limit(session, found, count, who, now())
    elif form.what == "terms":
        made = restocking.set_terms(session, found, _terms(found, form), now())
    else:
        return "Choose what is to be done."
    return made.sentence if isinstance(made, restocking.Refused) else ""


def _terms(found: Product, form: StockForm) -> restocking.Terms:
    zone = found.launch.zone
    return restocking.Terms(
        whole(form.cap) or 0, _day(form.expected, zone), _day(form.latest, zone), whole(form.hours) or 1
    )


def _page(
    session: Session, found: Product, form: StockForm, preview: Preview | None = None, status: int = 200
) -> Response:
    facts, waiting = of_product(found), queues.length(session, found.id)
    told, rows = standing_of(found, now()), _restocks(session, found)
    html = render_template(
        "studio/stock.html",
        product=found,
        form=form,
        preview=preview,
        sentence=stock_words.sentence(facts, waiting, found.kind, pool=found.pool),
        second=stock_words.second(facts, stock_words.TAKES[told.availability]),
        figures=_figures(session, found, waiting),
        queue=_queue(session, found),
        restocks=rows,
        many=stock_words.MANY[found.kind] if found.pool or found.kind != "software" else "units",
        may_pool=found.kind == "software" and (found.pool or not found.taken),
        every=2 if any(not each["closed"] for each in rows) else 0,
    )
    return make_response(html, status)


def _figures(session: Session, found: Product, waiting: int) -> list[tuple[str, ...]]:
    facts = of_product(found)
    if facts.stock is None:
        return []
    states = queues.by_state(session, found.id)
    visiting = states.get("visiting", 0)
    line = f"of {found.backorders:,} at most" + (f" · {visiting:,} at Stripe" if visiting else "")
    over = facts.free is not None and facts.free < 0
    free = (f"{max(facts.free or 0, 0):,}", f"{-(facts.free or 0):,} too few" if over else f"of {facts.stock:,}")
    rows: list[tuple[str, ...]] = [
        ("Free", *free, "needs") if over else ("Free", *free),
        ("Sold", f"{facts.taken - facts.queued:,}", "have a unit, or are at Stripe for one"),
        ("In the queue", f"{waiting:,}", line),
        ("Waiting list", f"{facts.waiting:,}", f"{facts.kept:,} with an open offer"),
    ]
    return rows


def _queue(session: Session, found: Product) -> list[dict[str, str]]:
    """The head of the queue, as its buyers see their places."""
    zone, rows = found.launch.zone, session.scalars(queues.waiting(found.id).limit(MOST_ROWS))
    return [
        {
            "place": str(place),
            "number": each.number,
            "email": words.masked(each.email),
            "since": words.day_clock(each.queued_at or each.placed_at, zone),
            "by": "no date" if each.promise.undated else words.day_month_year(each.promise.by, each.promise.zone),
            "price": short(each.price, each.currency),
        }
        for place, each in enumerate(rows, 1)
    ]


def _restocks(session: Session, found: Product) -> list[dict[str, Any]]:
    rows = session.scalars(queues.restocks(found.id).limit(MOST_RESTOCKS)).all()
    states = queues.served(session, [each.id for each in rows])
    return [
        {
            "when": words.day_clock(each.launched_at or now(), each.zone),
            "units": f"{each.units:,}, {each.reason}",
            "told": stock_words.progress(each.units, states[each.id], closed=each.closed_at is not None),
            "closed": each.closed_at is not None,
            "needs": bool(states[each.id].get("past_due")),
        }
        for each in rows
    ]
