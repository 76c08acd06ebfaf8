"""Questions of buyers: the ones that wait, the oldest first; answered, or closed, on the order's page."""

from dataclasses import dataclass

from flask import flash, g, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import asking
from storefront.models.threads import BUYER, STRANGER, Message, Thread
from storefront.rules import thread_words
from storefront.rules.asking import tidy
from storefront.web.context import now, shop
from storefront.web.forms import sent_nonce
from storefront.web.studio.order import UNREADABLE, Typed, page
from storefront.web.studio.room import find_order, open_threads, pages, signature

MOST = 200
SHOWN = 240


@dataclass(frozen=True)
class Waiting:
    """A question that waits, as its row says it."""

    number: str
    title: str
    buyer: str
    text: str
    waits: str
    count: int


@pages.get("/questions")
def questions() -> str:
    """The open ones; whoever has waited longest comes first."""
    with shop().db.read() as session:
        rows = session.scalars(open_threads(select(Thread)).order_by(Thread.open_since, Thread.id).limit(MOST)).all()
        waiting = [_row(session, each) for each in rows]
        sentence = thread_words.sentence(g.get("questions_open", len(waiting)))
        return render_template("studio/questions.html", waiting=waiting, sentence=sentence)


def _row(session: Session, thread: Thread) -> Waiting:
    """The question that has waited longest, in its own words, and how many came after it."""
    since = thread.open_since or thread.begun_at
    theirs = (Message.thread_id == thread.id, Message.who.in_([BUYER, STRANGER]), Message.at >= since)
    found = session.scalars(select(Message).where(*theirs).order_by(Message.id)).all()
    text = " ".join(found[0].text.split()) if found else ""
    return Waiting(
        number=thread.order.number,
        title=thread.order.product.title,
        buyer=thread.order.email,
        text=text if len(text) <= SHOWN else f"{text[:SHOWN].rstrip()} …",
        waits=thread_words.waits(since, now()),
        count=len(found),
    )


@pages.post("/orders/<number>/answer")
def answer(number: str) -> Response:
    """Answer the buyer: one letter, and the thread has it."""
    typed = request.form.get("answer", "")
    with shop().db.write() as session:
        found = find_order(session, number)
        name = f"studio:{found.id}:{sent_nonce(request.form, shop().chance)}"
        why = asking.answer(session, found, asking.Words(tidy(typed), "studio", name), signature(), now())
        if why:
            return page(session, found, Typed(answer=typed, answer_error=why), UNREADABLE)
    flash("Sent. The buyer has it in a moment.", "done")
    return redirect(url_for("studio.order", number=number, _anchor="questions"), code=303)


@pages.post("/orders/<number>/no-answer")
def no_answer(number: str) -> Response:
    """The question needs none: it is closed, and nobody is written to."""
    with shop().db.write() as session:
        found = find_order(session, number)
        name = f"closed:{found.id}:{sent_nonce(request.form, shop().chance)}"
        closed = asking.close(session, found, signature(), name, now())
    if closed:
        flash("Closed. A new message opens it again.", "done")
    else:
        flash("No question was open any more.", "news")
    return redirect(url_for("studio.order", number=number, _anchor="questions"), code=303)
