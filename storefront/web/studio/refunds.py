"""Giving money back: first what it does, then, on a second button, the deed; and what did not arrive, again."""

from dataclasses import replace

from flask import flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import refunding
from storefront.models import money
from storefront.models.orders import Order
from storefront.outside.stripe_answers import StripeSilent
from storefront.rules.money import exact
from storefront.rules.words import Note
from storefront.web.context import now, shop
from storefront.web.studio.order import CONFLICT, UNREADABLE, PartByHand, Preview, Typed, owed_words, page
from storefront.web.studio.refund_form import LONGEST_REASON, RefundForm, read_amount
from storefront.web.studio.room import find_order, pages, signature

WHAT_WAS_DONE = "Write what was done, such as “bank transfer of 12 May, our reference 4711”."
SILENT = "Stripe does not answer just now. Nothing was refunded; the same button may be pressed again."


@pages.post("/orders/<number>/refund")
def refund(number: str) -> Response:
    """Look at what a part refund does, go back to the form, or make it."""
    form, step = RefundForm.read(request.form), request.form.get("step")
    with shop().db.read() as session:
        found = find_order(session, number)
        amount = form.meant(found.currency)
        if step == "edit":
            return page(session, found, Typed(refund=form))
        if isinstance(amount, RefundForm):
            return page(session, found, Typed(refund=amount), UNREADABLE)
        refused = refunding.why_no_part(session, found, amount)
        if refused is not None:
            told = form.refused(refused.sentence, about_amount=refused.code == "amount")
            return page(session, found, Typed(refund=told), UNREADABLE if refused.code == "amount" else CONFLICT)
        if step != "do" or form.left is None:
            return page(session, found, Typed(refund=form, preview=_preview(session, found, form, amount)))
    return _make(found, form, amount)


def _preview(session: Session, found: Order, form: RefundForm, amount: int) -> Preview:
    left, currency = money.moved(session, found.id).net, found.currency
    told = exact(amount, currency)
    return Preview(
        facts=[
            ("Goes back", f"{told}, to {found.card or 'the card it was paid with'}"),
            ("Stays paid", f"{exact(left - amount, currency)} of {exact(left, currency)}"),
            ("Access", "stays as it is"),
            ("Your reason", form.reason),
        ],
        button=f"Refund {told} and write to the buyer",
        left=left,
    )


def _make(found: Order, form: RefundForm, amount: int) -> Response:
    """Where two press it at once, the second is told what the first has done."""
    here = shop()
    asked = {"who": signature(), "why": form.reason}
    try:
        refused = refunding.refund_part(here.outside, here.db, found.id, amount, **asked, now=now(), left=form.left)
    except StripeSilent:
        return _again(found.number, form.refused(SILENT), CONFLICT)
    if refused is not None:
        return _again(found.number, form.refused(refused.sentence), CONFLICT)
    _say(found, amount, form.left or 0)
    return _home(found.number)


def _say(found: Order, amount: int, left: int) -> None:
    """What has become of it: Stripe may take its time, and then it is asked again by itself."""
    with shop().db.read() as session:
        there = money.moved(session, found.id).net
    told = exact(amount, found.currency)
    if there == left - amount:
        flash(f"{told} go back. The buyer is told, with your reason.", "done")
    else:
        flash(
            f"Stripe has not said yet whether {told} go back. It is asked again by itself; look at the ledger.", "news"
        )


def _again(number: str, form: RefundForm, status: int) -> Response:
    with shop().db.read() as session:
        return page(session, find_order(session, number), Typed(refund=form), status)


def _home(number: str) -> Response:
    return redirect(url_for("studio.order", number=number), code=303)


@pages.post("/orders/<number>/refund-again")
def refund_again(number: str) -> Response:
    """Try once more what did not arrive."""
    here = shop()
    with here.db.read() as session:
        found = find_order(session, number)
        if not owed_words(session, found, money.moved(session, found.id)):
            return page(session, found, Typed(note=_nothing_owed()), CONFLICT)
    try:
        refused = refunding.refund_again(here.outside, here.db, found.id, signature(), now())
    except StripeSilent:
        flash(SILENT, "needs")
        return _home(number)
    with here.db.read() as session:
        found = find_order(session, number)
        still = owed_words(session, found, money.moved(session, found.id))
    if refused:
        flash(refused.sentence, "news")
    elif still:
        flash(f"It was refused once more: {still} are still owed. Pay them by other means.", "needs")
    else:
        flash("It is on its way once more. You hear of it if it does not arrive.", "done")
    return _home(number)


@pages.post("/orders/<number>/paid-by-hand")
def paid_by_hand(number: str) -> Response:
    """Note that somebody paid by other means what could not be refunded, and how."""
    done = " ".join(request.form.get("done", "").split())[:LONGEST_REASON]
    with shop().db.write() as session:
        found = find_order(session, number)
        if not owed_words(session, found, money.moved(session, found.id)):
            return page(session, found, Typed(note=_nothing_owed()), CONFLICT)
        if not done:
            return page(session, found, Typed(done_error=WHAT_WAS_DONE), UNREADABLE)
        refused = refunding.note_by_hand(session, found, signature(), done, now())
        if refused is not None:
            return page(session, found, Typed(done=done, note=Note("needs", "Not noted", refused.sentence)), CONFLICT)
    flash("Noted. The ledger has it, with your name. The buyer is told.", "done")
    return _home(number)


@pages.post("/orders/<number>/part-paid-by-hand")
def part_paid_by_hand(number: str) -> Response:
    """Note that a part which did not reach the card was paid by other means, how much and how."""
    done = " ".join(request.form.get("part_done", "").split())[:LONGEST_REASON]
    with shop().db.write() as session:
        found = find_order(session, number)
        typed = request.form.get("part_amount", "").strip()[:40]
        amount, fault = read_amount(typed, found.currency)
        wrong = PartByHand(typed, done, fault, "" if done else WHAT_WAS_DONE)
        if not refunding.part_returned(session, found):
            return page(session, found, Typed(note=_nothing_owed()), CONFLICT)
        if fault or not done:
            return page(session, found, Typed(part=wrong), UNREADABLE)
        refused = refunding.note_part_by_hand(session, found, amount, signature(), done, now())
        if refused is not None:
            return page(session, found, Typed(part=replace(wrong, amount_error=refused.sentence)), CONFLICT)
    flash("Noted. The ledger has it, with your name. The buyer is told.", "done")
    return _home(number)


def _nothing_owed() -> Note:
    text = "Nothing is owed to this buyer any more, or a refund is under way. The ledger says which."
    return Note("needs", "Somebody was there before you", text)
