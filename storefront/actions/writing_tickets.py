"""Writing to a place on a waiting list: its place, or a unit that is kept for it."""

from datetime import datetime
from urllib.parse import urlsplit

from flask import render_template
from sqlalchemy.orm import Session

from storefront.actions.listing import is_open
from storefront.actions.ordering import current_offer
from storefront.models.letters import Letter
from storefront.models.tickets import Ticket, place_of
from storefront.outside.postman import Envelope
from storefront.outside.world import Outside
from storefront.rules import letter_rows, letter_words, list_words
from storefront.rules.letter_rows import Row
from storefront.rules.money import short


def message_id(outside: Outside, letter: Letter) -> str:
    """The Message-ID a letter goes out with, each time the same: a dispute's evidence names it."""
    return f"<letter-{letter.id}.{letter.version}@{urlsplit(outside.links.base_url).hostname}>"


def ticket_outdated(letter: Letter, ticket: Ticket, now: datetime) -> str:
    """Why what a letter tells of a place no longer holds; "" while it does."""
    if letter.kind == "unit_offered":
        return "" if is_open(ticket, now) else "the offer is over"
    return "" if ticket.state == "waiting" else "it waits no more"


def ticket_envelope(session: Session, outside: Outside, letter: Letter, ticket: Ticket, now: datetime) -> Envelope:
    """The letter, ready to go. A waiting list is marketing: its letters carry their own end in the head (policies.md 5)."""
    product, facts = ticket.product, _facts(session, outside, letter, ticket, now)
    return Envelope(
        to=ticket.email,
        sender_name=f"{product.creator.name} via {outside.shop_name}",
        reply_to=product.creator.email,
        subject=render_template(f"mail/{letter.kind}.subject.txt", **facts),
        text=letter_words.set_columns(render_template(f"mail/{letter.kind}.txt", **facts)),
        html=render_template(f"mail/{letter.kind}.html", **facts),
        message_id=message_id(outside, letter),
        at=now,
        unsubscribe=f"{facts['ticket_url']}/leave",
    )


def _facts(session: Session, outside: Outside, letter: Letter, ticket: Ticket, now: datetime) -> dict[str, object]:
    product = ticket.product
    offer = current_offer(product, now)
    price = short(offer.price, product.currency) if offer else ""
    told = list_words.Told(
        product.kind, product.title, product.launch.zone, place_of(session, ticket), ticket.offer_until, price
    )
    rows = [Row(*each) for each in told.rows(letter.kind)]
    return {
        "told": told,
        "rows": rows,
        "rows_text": letter_rows.rows_as_text(rows),
        "title": product.title,
        "creator": product.creator.name,
        "to_creator": False,
        "ticket_url": outside.links.ticket(ticket.id, ticket.link_sha256 or ""),
    }
