"""The studio's door: creators come in, and each finds only what is theirs."""

from typing import TypeVar, cast

from flask import Blueprint, abort
from flask_login import current_user
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, defer, joinedload, selectinload
from werkzeug.wrappers import Response

from storefront.models.orders import Order
from storefront.models.products import Product
from storefront.models.threads import Thread
from storefront.web.signin import Person, manager

pages = Blueprint("studio", __name__, url_prefix="/studio")
OWNER = "owner"
C = TypeVar("C", int, Thread)


@pages.before_request
def _creators_only() -> Response | None:
    if not current_user.is_authenticated:
        return cast("Response", manager.unauthorized())
    return None if me().creator else abort(403)


def me() -> Person:
    """The account of this request."""
    return cast("Person", current_user._get_current_object())  # noqa: SLF001 (the proxy's own way out)


def signature() -> str:
    """How the log names who did it."""
    return f"creator:{me().id}"


def mine(query: Select[Product]) -> Select[Product]:
    """Only the products of this creator; all of them for the owner. What is long and not shown stays in the database."""
    slim = query.options(
        defer(Product.cover),
        defer(Product.author_text),
        defer(Product.questions),
        joinedload(Product.creator),
        joinedload(Product.launch),
        selectinload(Product.offers),
    )
    return slim if me().role == OWNER else slim.where(Product.creator_id == me().id)


def find_product(session: Session, slug: str) -> Product:
    """The product at this address, or 404: somebody else's is not there."""
    return session.scalar(mine(select(Product).where(Product.slug == slug))) or abort(404)


def find_order(session: Session, number: str) -> Order:
    """The order with this number, or 404: an order for somebody else's product is not there."""
    order = session.scalar(select(Order).where(Order.number == number).options(joinedload(Order.product)))
    if order is None or (me().role != OWNER and order.product.creator_id != me().id):
        abort(404)
    return order


def open_threads(query: Select[C]) -> Select[C]:
    """Only the threads with an open question about this creator's products; for the owner all of them."""
    query = query.where(Thread.open_since.is_not(None))
    if me().role == OWNER:
        return query
    joined = query.join(Order, Order.id == Thread.order_id).join(Product, Product.id == Order.product_id)
    return joined.where(Product.creator_id == me().id)
