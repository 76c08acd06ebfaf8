"""What the page of a back-order says while it waits: its place, what is known of its time, the latest date."""

from sqlalchemy.orm import Session

from storefront.actions.stocking import of_product
from storefront.models import queues
from storefront.models.orders import Order
from storefront.rules import queue, queue_words, stock
from storefront.rules.money import short
from storefront.rules.order_words import card_month
from storefront.rules.words import Telling
from storefront.web.context import now

LEAVE = "Leave the queue"


def tell(db: Session, found: Order) -> Telling | None:
    """The words of an order in the queue; None for any other."""
    if not queues.is_queued(found):
        return None
    place, told = queues.place_of(db, found), found.promise
    ends = card_month(found.card_until) if found.card_until and card_ends(found) else ""
    return queue_words.tell(
        queue_words.Waiting(
            place=place,
            kind=found.product.kind,
            amount=short(found.price, found.currency),
            email=found.email,
            zone=told.zone,
            placed_at=found.placed_at,
            by=None if told.undated else told.by,
            expected=stock.expected(of_product(found.product), now()),
            usually=queue.usually(queues.past(db, found.product_id), place, now()),
            card_ends=ends,
        )
    )


def card_ends(found: Order) -> bool:
    """Whether the card of an order in the queue may be too old at its turn."""
    return queue.card_ends(found.card_until, None if found.promise.undated else found.promise.by, now())
