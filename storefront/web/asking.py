"""*Ask about this order*: its thread as the order's page shows it."""

from dataclasses import dataclass

from flask import request
from sqlalchemy.orm import Session

from storefront.actions.asking import Words
from storefront.models import threads
from storefront.models.orders import Order
from storefront.models.threads import BUYER, STRANGER, Message
from storefront.rules import thread_words
from storefront.rules.asking import LONGEST, tidy
from storefront.rules.thread_words import Line
from storefront.web.context import shop
from storefront.web.forms import fresh_nonce, sent_nonce


@dataclass(frozen=True)
class AskForm:
    """What was typed, and what is wrong with it."""

    text: str = ""
    error: str = ""


@dataclass(frozen=True)
class Asked:
    """The thread as the buyer's page shows it."""

    lines: list[Line]
    open: bool
    form: AskForm
    nonce: str
    creator: str
    longest: int = LONGEST


def of_order(db: Session, found: Order, form: AskForm | None = None) -> Asked:
    """An order's thread, in the words its buyer reads."""
    thread = threads.of_order(db, found.id)
    creator = found.product.creator.name
    rows = [each for each in thread.messages if each.text and each.who != STRANGER] if thread else []
    return Asked(
        lines=[_line(each, creator, found.promise.zone) for each in rows],
        open=thread is not None and thread.open_since is not None,
        form=form or AskForm(),
        nonce=fresh_nonce(shop().chance),
        creator=creator,
    )


def _line(each: Message, creator: str, zone: str) -> Line:
    mine = each.who == BUYER
    return Line(
        who="You" if mine else creator,
        when=thread_words.when(each.at, zone),
        paragraphs=thread_words.paragraphs(each.text),
        mine=mine,
        note=thread_words.dropped(each.dropped) if mine else "",
    )


def read(found: Order) -> Words:
    """What the form sends, with what makes it the same message if it is sent twice."""
    return Words(
        tidy(request.form.get("text", "")), "page", f"page:{found.id}:{sent_nonce(request.form, shop().chance)}"
    )
