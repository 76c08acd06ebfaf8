"""How an order's letters went out besides by e-mail, and an address that is to be written to again."""

from flask import flash, redirect, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront.actions import bouncing
from storefront.models.orders import Order
from storefront.models.phones import Phone, TextMessage
from storefront.rules import phone
from storefront.web.context import now, shop
from storefront.web.studio.ledger import exactly
from storefront.web.studio.room import find_order, pages, signature


def texted(session: Session, found: Order) -> dict[int, str]:
    """What became of each letter's text, in words; the number is masked."""
    query = select(TextMessage, Phone.number).join(Phone, Phone.id == TextMessage.phone_id)
    rows = session.execute(query.where(Phone.order_id == found.id, TextMessage.letter_id.is_not(None)))
    return {row.letter_id or 0: _words(row, number, found.promise.zone) for row, number in rows}


def _words(row: TextMessage, number: str, zone: str) -> str:
    to = phone.masked(number)
    if row.sent_at:
        return f"Texted to {to}, {exactly(row.sent_at, zone)}"
    if row.failed_at:
        return f"Not texted to {to}: {row.trouble}"
    return f"Not texted: {row.trouble}" if row.dropped_at else f"To be texted to {to}, {exactly(row.due_at, zone)}"


@pages.post("/orders/<number>/write-again")
def write_again(number: str) -> Response:
    """Somebody knows that the address is right: what came back is mailed once more."""
    with shop().db.write() as session:
        found = find_order(session, number)
        session.get_one(Order, found.id, with_for_update=True, populate_existing=True)
        if bouncing.write_again(session, found, signature(), now()):
            flash("Noted. What came back is on its way once more.", "done")
        else:
            flash("Nothing rests: letters go to this address.", "news")
    return redirect(url_for("studio.order", number=number), code=303)
