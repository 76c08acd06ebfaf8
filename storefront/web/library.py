"""The library: what a reader has, lesson by lesson and file by file; and the free lesson of a product."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, send_file, url_for
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from storefront.actions import delivering, opening
from storefront.actions.delivering import Delivery
from storefront.models import grants, products
from storefront.models.grants import Grant
from storefront.models.orders import Order
from storefront.models.products import File, Lesson, Product
from storefront.rules import markdown, words
from storefront.rules.leaving import withdraw_until
from storefront.rules.money import short
from storefront.web.context import now, shop
from storefront.web.orders import waiver_of
from storefront.web.shop import card

pages = Blueprint("library", __name__)
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
ON_THE_WAY = ("reserved", "held", "past_due", "paid")


@pages.get("/library")
def library() -> str:
    """One thing to continue, then the shelf, then what is on the way. Signed out: how to get in."""
    if not current_user.is_authenticated:
        return render_template("library/closed.html")
    with shop().db.read() as db:
        found = grants.of_account(db, current_user.id)
        live = [each for each in found if each.live]
        return render_template(
            "library/library.html",
            go_on=_go_on(db, live),
            items=[_item(db, each) for each in live],
            paused=[_paused(each) for each in found if each.suspended_at and not each.revoked_at],
            coming=_coming(db, {each.order_id for each in found}),
        )


def _go_on(db: Session, live: list[Grant]) -> dict[str, Any] | None:
    """The course that was opened last and has something left to read."""
    for grant in live:
        delivery = delivering.deliver(grant)
        done = grants.finished(db, grant.id)
        lesson = delivering.next_lesson(delivery, done)
        if lesson is not None and len(done) < len(delivery.lessons):
            number = delivery.lessons.index(lesson) + 1
            return {
                "item": card(grant.product),
                "lesson": lesson,
                "place": f"lesson {number} of {_counted(delivery)}",
                "done": len(done),
                "of": len(delivery.lessons),
                "url": f"/library/{grant.product.slug}/lessons/{lesson.slug}",
            }
    return None


def _item(db: Session, grant: Grant) -> dict[str, Any]:
    product, delivery = grant.product, delivering.deliver(grant)
    home = f"/library/{product.slug}"
    verbs = [{"words": each.label, "url": f"{home}/files/{each.name}"} for each in delivery.files[:2]]
    note = ""
    if delivery.lessons:
        done = len(grants.finished(db, grant.id))
        note = f"{done} of {_counted(delivery)} finished"
        verbs = [{"words": "Continue" if done else "Begin", "url": home}]
    if delivery.licence_key:
        verbs = [
            {"words": "Download", "url": f"{home}/files/{delivery.files[0].name}"},
            {"words": "Licence key", "url": home},
        ]
    return card(product) | {"url": home, "day_line": "", "price_line": "", "note": note, "verbs": verbs}


def _day_line(order: Order) -> str:
    told = order.promise
    if told.undated:
        return "No day yet"
    return f"{words.weekday_day(told.by, told.zone)}, {words.clock(told.by, told.zone)}"


def _counted(delivery: Delivery) -> str:
    """How many lessons, with those of a bonus: the shop counts them apart, so their number is told apart here too."""
    extra = sum(each.bonus_id is not None for each in delivery.lessons)
    whole = f"{len(delivery.lessons)}"
    return f"{whole} (with {'the bonus' if extra == 1 else f'{extra} of a bonus'})" if extra else whole


def _paused(grant: Grant) -> dict[str, Any]:
    order = grant.order
    return {"title": grant.product.title, "url": _order_page(order), "repair": order.state == "past_due"}


def _order_page(order: Order) -> str:
    return shop().outside.links.order(order.id, order.link_generation, order.link_sha256)


def _coming(db: Session, here: set[int]) -> list[dict[str, Any]]:
    """Orders of this account that have not opened: its address has proved itself by a link."""
    query = select(Order).where(func.lower(Order.email) == current_user.email, Order.state.in_(ON_THE_WAY))
    waiting = [each for each in db.scalars(query.order_by(Order.id)) if each.id not in here]
    return [
        {
            "day_line": _day_line(each),
            "day_is_red": not each.promise.undated,
            "title": each.product.title,
            "lang": each.product.lang,
            "who": f"{short(each.price, each.currency)}, {'paid' if each.state == 'paid' else 'charged that day'}",
            "act": {"words": "Order", "url": _order_page(each)},
        }
        for each in waiting
    ]


@pages.get("/library/<slug>")
def product(slug: str) -> str | BaseResponse:
    """A product of the reader's: a course goes on at its next lesson, files are listed, a key is shown."""
    if not current_user.is_authenticated:
        return redirect(url_for("library.library"), code=303)
    with shop().db.read() as db:
        grant = _grant(db, slug)
        delivery = delivering.deliver(grant)
        lesson = delivering.next_lesson(delivery, grants.finished(db, grant.id))
        if lesson is not None:
            return redirect(url_for("library.lesson", slug=slug, lesson=lesson.slug), code=303)
        if delivery.licence_key:
            _note_opened(db, grant, opening.THE_KEY)
        return render_template(
            "library/product.html",
            item=card(grant.product),
            product=grant.product,
            files=delivery.files,
            licence_key=delivery.licence_key,
        )


def _grant(db: Session, slug: str) -> Grant:
    """The reader's grant; one that may still be withdrawn from is opened only after its reader agreed to that."""
    grant = _mine(db, slug)
    if waiver_of(grant) is not None:
        abort(redirect(url_for("library.begin", slug=slug), code=303))
    return grant


def _mine(db: Session, slug: str) -> Grant:
    if not current_user.is_authenticated:
        abort(404)
    return grants.of_reader(db, current_user.id, slug) or abort(404)


@pages.get("/library/<slug>/begin")
def begin(slug: str) -> str | BaseResponse:
    """First access: the only place where the right to withdraw is asked for (policies.md 2)."""
    with shop().db.read() as db:
        grant = _mine(db, slug)
        waiver, order = waiver_of(grant), grant.order
        if waiver is None:
            return redirect(url_for("library.product", slug=slug), code=303)
        out = grant.order.released_at or now()
        until = withdraw_until(order.placed_at, out, order.promise.zone, order.promise.withdraw_days)
        return render_template(
            "library/begin.html",
            item=card(grant.product),
            product=grant.product,
            waiver=waiver,
            until=words.day_month_year(until - timedelta(seconds=1), order.promise.zone),
            after=words.day_month_year(until, order.promise.zone),
            order_url=f"{_order_page(order)}/cancel",
        )


@pages.post("/library/<slug>/begin")
def agree(slug: str) -> BaseResponse:
    """Keep which text was agreed to, and when; then open it."""
    with shop().db.write() as db:
        opening.waive(db, _mine(db, slug), request.form.get("waiver", ""), now())
    return redirect(url_for("library.product", slug=slug), code=303)


def _note_opened(db: Session, grant: Grant, what: str) -> None:
    """Keep what is opened, once a day. Access that was paused or ended meanwhile opens nothing."""
    if grant.first_opened_at is not None and opening.is_noted(db, grant, what, now()):
        return
    with shop().db.write() as session:
        if not opening.note_opened(session, grant, what, now()):
            abort(404)


@pages.get("/library/<slug>/lessons/<lesson>")
def lesson(slug: str, lesson: str) -> str:
    """One lesson, its neighbours named."""
    with shop().db.read() as db:
        grant = _grant(db, slug)
        delivery = delivering.deliver(grant)
        found = delivery.lesson(lesson) or abort(404)
        _note_opened(db, grant, f"lesson read: {found.title}")
        return _lesson_page(
            grant.product, delivery, found, grants.finished(db, grant.id), f"/library/{slug}", len(delivery.files)
        )


def _lesson_page(product: Product, delivery: Delivery, found: Lesson, done: set[int], home: str, files: int) -> str:
    at = delivery.lessons.index(found)
    total = len(delivery.lessons)
    return render_template(
        "reader/lesson.html",
        product=product,
        lesson=found,
        html=markdown.render(found.source, lambda path: f"{home}/img/{path.rsplit('/', 1)[-1]}"),
        number=at + 1,
        lessons=delivery.lessons,
        done=done,
        home=home,
        files=delivery.files if files else (),
        before=delivery.lessons[at - 1] if at else None,
        after=delivery.lessons[at + 1] if at + 1 < total else None,
        back={"url": "/library", "word": "Library"},
        place={"done": len(done), "of": total, "label": f"{at + 1} of {total}"},
    )


@pages.post("/library/<slug>/lessons/<lesson>/finish")
def finish(slug: str, lesson: str) -> BaseResponse:
    """Finish a lesson and go on to the next."""
    with shop().db.write() as db:
        grant = _grant(db, slug)
        delivery = delivering.deliver(grant)
        found = delivery.lesson(lesson) or abort(404)
        opening.finish(db, grant, found, now())
        at = delivery.lessons.index(found) + 1
        if at == len(delivery.lessons):
            return redirect(url_for("library.library"), code=303)
        return redirect(url_for("library.lesson", slug=slug, lesson=delivery.lessons[at].slug), code=303)


@pages.get("/library/<slug>/files/<name>")
def file(slug: str, name: str) -> Response:
    """A download, for whoever has a live grant in this very request; in parts where the browser asks for parts."""
    with shop().db.read() as db:
        grant = _grant(db, slug)
        found = delivering.deliver(grant).file(name) or abort(404)
        _note_opened(db, grant, f"file downloaded: {found.name}")
    return _send(found, download=True)


@pages.get("/library/<slug>/img/<name>")
def picture(slug: str, name: str) -> Response:
    """A picture of a lesson."""
    with shop().db.read() as db:
        found = delivering.deliver(_grant(db, slug)).asset(f"img/{name}") or abort(404)
    return _send(found, download=False)


def _send(found: File, *, download: bool) -> Response:
    place = shop().outside.shelf.path(found.sha256)
    if not place.is_file():
        abort(503)
    response = send_file(
        place,
        found.media_type,
        as_attachment=download,
        download_name=found.name.rsplit("/", 1)[-1],
        etag=found.sha256,
        conditional=True,
        max_age=0,
    )
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = PICTURE_POLICY
    return response


@pages.get("/p/<slug>/lessons/<lesson>")
def free_lesson(slug: str, lesson: str) -> str:
    """The lesson anybody may read."""
    with shop().db.read() as db:
        product = products.by_slug(db, slug) or abort(404)
        found = next((each for each in product.lessons if each.slug == lesson and each.free), None) or abort(404)
        return render_template(
            "reader/free.html",
            product=product,
            lesson=found,
            html=markdown.render(found.source, lambda path: f"/p/{slug}/img/{path.rsplit('/', 1)[-1]}"),
            back={"url": f"/p/{slug}", "word": product.title},
        )


@pages.get("/p/<slug>/img/<name>")
def free_picture(slug: str, name: str) -> Response:
    """A picture of a free lesson, and of no other."""
    with shop().db.read() as db:
        product = products.by_slug(db, slug) or abort(404)
        shown = {
            path.rsplit("/", 1)[-1] for each in product.lessons if each.free for _, path in markdown.images(each.source)
        }
        found = next((each for each in product.files if each.name == f"img/{name}" and each.role == "asset"), None)
        if found is None or name not in shown:
            abort(404)
    return _send(found, download=False)
