"""One order: what happens next, what was promised, everything that happened, and what can be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import cancelling, refunding
from storefront.models import money, threads
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.log import LogRow
from storefront.models.money import Moved, Task
from storefront.models.orders import LIVE, Order
from storefront.models.threads import BUYER, STRANGER, Message
from storefront.outside.stripe_answers import StripeSilent
from storefront.rules import standing_words, thread_words, words
from storefront.rules.money import exact, short, step
from storefront.rules.standing_words import LETTERS, STATES
from storefront.rules.thread_words import Line
from storefront.rules.words import Note
from storefront.web import promised
from storefront.web.context import now, shop
from storefront.web.forms import fresh_nonce
from storefront.web.papers import rows_of
from storefront.web.studio import channels
from storefront.web.studio.ledger import exactly, ledger, names
from storefront.web.studio.orders import Found, claims_of, standing_of, state_of
from storefront.web.studio.refund_form import LONGEST_REASON, RefundForm
from storefront.web.studio.room import find_order, pages, signature
from storefront.web.studio.tasks import Open, task_row

CONFLICT, UNREADABLE = 409, 422


@dataclass(frozen=True)
class Preview:
    """What a part refund does, before the button that does it."""

    facts: list[tuple[str, str]]
    button: str
    left: int


@dataclass(frozen=True)
class PartByHand:
    """What was typed about a part that was paid by other means."""

    amount: str = ""
    done: str = ""
    amount_error: str = ""
    done_error: str = ""


@dataclass(frozen=True)
class Typed:
    """What was typed on the page and is wrong, or is to be confirmed; `note`: what could not be done."""

    reason: str = ""
    reason_error: str = ""
    refund: RefundForm = field(default_factory=RefundForm)
    preview: Preview | None = None
    done: str = ""
    done_error: str = ""
    part: PartByHand = field(default_factory=PartByHand)
    answer: str = ""
    answer_error: str = ""
    note: Note | None = None


@dataclass(frozen=True)
class Asked:
    """The buyer's questions and what was answered."""

    lines: list[Line]
    open: bool
    nonce: str


@pages.get("/orders/<number>")
def order(number: str) -> Response:
    """One order: what happens next, what was promised, and everything that happened."""
    with shop().db.read() as session:
        return page(session, find_order(session, number), Typed())


def page(session: Session, found: Order, typed: Typed, status: int = 200) -> Response:
    """The page around what was typed."""
    zone, moved = found.promise.zone, money.moved(session, found.id)
    grant = session.scalar(select(Grant).where(Grant.order_id == found.id))
    visit = next((each.expires_at for each in found.checkouts if each.closed_at is None), None)
    claim = claims_of(session, [found.id]).get(found.id, "")
    tasks, owed = _tasks(session, found), owed_words(session, found, moved)
    standing = standing_of(
        Found(found, found.promise, grant, visit, claim),
        launched=found.released_at is not None,
        refunded=moved.refunded > 0,
        owed=owed,
    )
    html = render_template(
        "studio/order.html",
        order=found,
        product=found.product,
        state=state_of(found, claim),
        sentence=standing_words.next_words(standing, now()),
        facts=_facts(found, moved),
        promises=promised.history(session, found),
        history=_history(session, found),
        ledger=ledger(session, found),
        papers=rows_of(session, found, url_for("studio.order", number=found.number) + "/papers"),
        letters=_letters(session, found),
        bounce=found.bounce if found.bounced_at else "",
        grant=_grant(grant, zone),
        tasks=tasks,
        cancel=cancel_words(session, found, moved),
        may_refund=refunding.why_no_part(session, found, step(found.currency)) is None,
        most=exact(moved.net - step(found.currency), found.currency),
        owed=owed,
        part_returned=refunding.part_returned(session, found),
        asked=_asked(session, found),
        typed=typed,
    )
    return make_response(html, status)


def _asked(session: Session, found: Order) -> Asked | None:
    thread = threads.of_order(session, found.id)
    if thread is None:
        return None
    known = names(session, (each.who for each in thread.messages))
    lines = [_message(each, found, known) for each in thread.messages]
    return Asked(lines, thread.open_since is not None, fresh_nonce(shop().chance))


def _message(each: Message, found: Order, known: Mapping[int, str]) -> Line:
    by = {BUYER: found.email, STRANGER: each.sender or "Somebody"}.get(each.who) or standing_words.who(each.who, known)
    notes = [thread_words.stranger(each.sender) if each.who == STRANGER else "", thread_words.dropped(each.dropped)]
    return Line(
        who=by,
        when=thread_words.when(each.at, found.promise.zone),
        paragraphs=thread_words.paragraphs(each.text) or ["Closed without an answer."],
        mine=each.who not in {BUYER, STRANGER},
        note=" ".join(filter(None, notes)),
    )


def _tasks(session: Session, found: Order) -> list[Open]:
    query = select(Task).where(Task.order_id == found.id, Task.closed_at.is_(None)).order_by(Task.id)
    return [task_row(session, each, now()) for each in session.scalars(query)]


def owed_words(session: Session, found: Order, moved: Moved) -> str:
    """What the buyer has to get back and did not, as a receipt says it; "" where nothing waits for a person."""
    waits = (Task.order_id == found.id, Task.kind == "refund", Task.closed_at.is_(None))
    if moved.net <= 0 or session.scalar(select(Task.id).where(*waits)) is None:
        return ""
    return exact(moved.net, found.currency)


def _facts(found: Order, moved: Moved) -> list[tuple[str, str]]:
    currency = found.currency
    money_rows = [("Captured", exact(moved.captured, currency))] if moved.captured else []
    money_rows += [("Refunded", exact(moved.refunded, currency))] if moved.refunded else []
    until = found.capture_before
    hold = [("Hold lives until", words.day_clock(until, found.promise.zone))] if until else []
    return [
        ("Price", f"{exact(found.price, currency)}, {found.offer.name}"),
        *money_rows,
        ("Card", found.card or "none yet"),
        *hold,
        ("E-mail", found.email),
        ("Ordered", words.day_clock(found.placed_at, found.promise.zone)),
    ]


def _history(session: Session, found: Order) -> list[dict[str, str]]:
    known = names(session, (each.who for each in found.history))
    return [_event(each, found.promise.zone, known) for each in reversed(found.history)]


def _event(each: LogRow, zone: str, known: Mapping[int, str]) -> dict[str, str]:
    before = f"{STATES[each.before][1]} → " if each.before else ""
    return {
        "at": exactly(each.at, zone),
        "change": f"{before}{STATES[each.after][1]}",
        "who": standing_words.who(each.who, known),
        "why": each.why,
    }


def _letters(session: Session, found: Order) -> list[dict[str, Any]]:
    """Every letter with how it went out, by e-mail and by text."""
    zone, texted = found.promise.zone, channels.texted(session, found)
    rows = session.scalars(select(Letter).where(Letter.order_id == found.id).order_by(Letter.id.desc()))
    return [_letter(each, zone, texted.get(each.id, "")) for each in rows]


def _letter(each: Letter, zone: str, texted: str) -> dict[str, Any]:
    if each.failed_at:
        state, at = ("needs", "Came back"), each.failed_at
    elif each.sent_at:
        state, at = ("done", "Accepted"), each.sent_at
    elif each.dropped_at:
        state, at = ("ended", "Not needed"), each.dropped_at
    else:
        state, at = (("needs", "Tried again") if each.trouble else ("", "On its way")), each.owed_at
    return {
        "kind": LETTERS.get(each.kind, each.kind),
        "to": each.recipient,
        "state": state,
        "at": exactly(at, zone),
        "trouble": ". ".join(filter(None, [each.trouble, texted])),
    }


def _grant(grant: Grant | None, zone: str) -> str:
    if grant is None:
        return "not yet"
    since = f"since {words.day_clock(grant.granted_at, zone)}"
    if grant.revoked_at:
        return f"ended {words.day_clock(grant.revoked_at, zone)}"
    if grant.suspended_at:
        return f"paused {words.day_clock(grant.suspended_at, zone)}"
    opened = grant.first_opened_at
    return f"{since}, {'opened ' + words.day_clock(opened, zone) if opened else 'not opened yet'}"


def cancel_words(session: Session, found: Order, moved: Moved) -> str:
    """What a cancellation would do; "" where there is nothing to cancel, or the buyer's bank decides."""
    if found.cancel_wished_at or found.state not in LIVE or money.disputed(session, found.id):
        return ""
    if moved.captured or found.state == "paid":
        told = f"{short(moved.net or found.price, found.currency)} go back in full, started at once, and access ends."
    elif found.state == "held":
        told = f"The {short(found.price, found.currency)} set aside are freed. Nothing is charged."
    else:
        told = "Nothing is charged."
    return f"{told} The place goes back to the others. The buyer is told, with your reason."


@pages.post("/orders/<number>/cancel")
def cancel(number: str) -> Response:
    """Cancel an order with a reason; the buyer is told."""
    here, reason = shop(), request.form.get("reason", "").strip()[:LONGEST_REASON]
    with here.db.read() as session:
        found = find_order(session, number)
        if not cancel_words(session, found, money.moved(session, found.id)):
            return page(session, found, Typed(note=_why_not(session, found)), CONFLICT)
        if not reason:
            error = "Give the buyer the reason, in your own words. It stands in the letter."
            return page(session, found, Typed(reason_error=error), UNREADABLE)
    try:
        cancelling.cancel(here.outside, here.db, found.id, who=signature(), why=reason, now=now())
        flash("Noted. The buyer is told as soon as nothing is held any more.", "done")
    except StripeSilent:
        flash("Noted. Stripe does not answer just now; it goes on by itself, and nothing new is charged.", "done")
    return redirect(url_for("studio.order", number=number), code=303)


def _why_not(session: Session, found: Order) -> Note:
    """Why a cancellation came too late: somebody else's, or the bank's claim."""
    if money.disputed(session, found.id):
        return Note("needs", "Nothing was cancelled", "The buyer’s bank has the word about this payment.")
    if not found.cancel_who:
        return Note("needs", "Nothing was cancelled", "The order has ended.")
    who = standing_words.who(found.cancel_who, names(session, [found.cancel_who]))
    return Note("needs", "It has been cancelled already", f"By {who}: “{found.cancel_why}”")
