"""Restocks: units that come back, and the head of the queue that gets them (design.md 5).

A restock is a launch of that kind. Who gets a unit is decided here, once for each unit and in the order of the queue;
charging and granting follow by asking what is due, as after any launch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Select, and_, exists, func, select, update
from sqlalchemy.orm import Session

from storefront.actions.delaying import end_if_overdue
from storefront.actions.stocking import change_stock
from storefront.models import keys, queues
from storefront.models.db import Database, changed
from storefront.models.keys import PoolKey
from storefront.models.orders import Order
from storefront.models.products import Launch, Product
from storefront.models.stock import StockMove
from storefront.rules import launch as rule
from storefront.rules.key_list import Read
from storefront.rules.stock import refuse_days

BATCH = 100
FREED = "a freed unit"


@dataclass(frozen=True)
class Refused:
    """Why the stock is not changed, in a sentence."""

    sentence: str


def lock(session: Session, product: Product) -> None:
    """Lock the product and read it again; never the rows that were loaded with it, which a JOIN may lack."""
    session.refresh(product, with_for_update={"of": Product})


def add_units(session: Session, product: Product, units: int, who: str, now: datetime) -> Launch | Refused:
    """Add seats or copies: a restock, which serves the head of the queue."""
    lock(session, product)
    if product.pool:
        return Refused("Each of its units is a licence key: import keys to add some.")
    if product.stock is None:
        return Refused("It has no limit, so there is nothing to add to.")
    return _restock(session, product, units, who, "units added", now)


def import_keys(session: Session, product: Product, given: Read, who: str, now: datetime) -> Launch | Refused:
    """Add licence keys to the pool, all of them or none: a restock of as many units."""
    lock(session, product)
    if product.kind != "software":
        return Refused("Only software has licence keys.")
    if given.faults(keys.known(session, product.id)):
        return Refused("Some lines cannot be taken. Nothing was imported.")
    if not product.pool and product.taken:
        return Refused("Buyers have keys that were made here already. A pool can begin only with nobody's order.")
    if not product.pool and product.kept:
        return Refused("Units of it are on offer to the waiting list. A pool can begin once these offers are over.")
    if not product.pool:
        _begin_pool(session, product, who, now)
    session.add_all(PoolKey(product_id=product.id, key=each, added_at=now) for each in given.keys)
    session.flush()
    return _restock(session, product, len(given.keys), who, "licence keys imported", now)


def _begin_pool(session: Session, product: Product, who: str, now: datetime) -> None:
    """From here on its units are its keys; those that stood there before are taken out."""
    if product.stock:
        change_stock(session, product.id, -product.stock, who, "licence keys take their place", now)
        session.refresh(product, ["stock"])
    product.pool, product.stock = True, 0
    session.flush()


def _restock(session: Session, product: Product, units: int, who: str, why: str, now: datetime) -> Launch:
    change_stock(session, product.id, units, who, why, now)
    session.refresh(product)
    return _open(session, product, units, who, why, now)


def _open(session: Session, product: Product, units: int, who: str, why: str, now: datetime) -> Launch:
    moment = rule.moment_at(now, product.launch.zone)
    made = Launch(
        product_id=product.id,
        kind="restock",
        at=now,
        wall=moment.wall.isoformat(timespec="minutes"),
        zone=moment.zone,
        reason=why,
        launched_at=now,
        launched_by=who[:80],
        units=units,
    )
    session.add(made)
    session.flush()
    return made


def lower(session: Session, product: Product, units: int, who: str, now: datetime) -> Refused | None:
    """Take units out of the stock. No order is ever dropped: with fewer units than orders it is overbooked.

    Of a pool only keys can be taken out that nobody has and nobody was promised.
    """
    lock(session, product)
    if refused := refuse_lower(product, units):
        return refused
    if product.pool:
        _retire_keys(session, product, units, now)
    change_stock(session, product.id, -units, who, "taken out", now)
    session.refresh(product)
    return None


def refuse_lower(product: Product, units: int) -> Refused | None:
    """Why so many cannot be taken out of the stock as it stands; None when they can."""
    if product.stock is None:
        return Refused("It has no limit, so nothing can be taken out.")
    if units > product.stock:
        return Refused(f"There are {product.stock}. Take out {product.stock} at most.")
    spare = max(product.stock - (product.taken - product.queued + product.kept), 0)
    if not product.pool or units <= spare:
        return None
    if not spare:
        return Refused("Each of its keys is somebody’s, or promised to somebody. None can be taken out.")
    return Refused(f"{spare} of its keys {'is' if spare == 1 else 'are'} promised to nobody. Take out so many at most.")


def _retire_keys(session: Session, product: Product, units: int, now: datetime) -> None:
    free = (PoolKey.product_id == product.id, PoolKey.grant_id.is_(None), PoolKey.retired_at.is_(None))
    last = select(PoolKey.id).where(*free).order_by(PoolKey.id.desc()).limit(units)
    session.execute(update(PoolKey).where(PoolKey.id.in_(last)).values(retired_at=now))


def begin_limit(session: Session, product: Product, units: int, who: str, now: datetime) -> Refused | None:
    """Give a product that had no limit a stock of so many units, those that are sold already among them."""
    lock(session, product)
    if product.stock is not None:
        return Refused("It has a limit already: add units, or take some out.")
    if units < max(product.taken, 1):
        return Refused(f"{product.taken} are sold already. Begin with at least {max(product.taken, 1)}.")
    product.stock = units
    session.add(StockMove(product_id=product.id, at=now, who=who[:80], why="limited", change=units, after=units))
    session.flush()
    return None


@dataclass(frozen=True)
class Terms:
    """What back-orders and the waiting list are told: at most `cap` orders, the two days, hours an offer is open."""

    cap: int
    expected_at: datetime | None
    latest_at: datetime | None
    offer_hours: int


def set_terms(session: Session, product: Product, terms: Terms, now: datetime) -> Refused | None:
    """Set what the next buyers are told. Orders in the queue keep the latest date they were promised."""
    lock(session, product)
    why = refuse_days(terms.expected_at, terms.latest_at, now)
    if why:
        return Refused(why)
    product.backorders, product.offer_hours = terms.cap, terms.offer_hours
    product.expected_at, product.latest_at = terms.expected_at, terms.latest_at
    session.flush()
    return None


def allocate_due(db: Database, now: datetime) -> int:
    """Give free units to the heads of the queues, and close the restocks of which nothing is open. Returns how many."""
    with db.read() as session:
        products = session.scalars(_to_serve()).all()
    return sum(_serve(db, each, now) for each in products) + close_done(db, now)


@cache
def _to_serve() -> Select[int]:
    somebody_waits = exists().where(Order.product_id == Product.id, queues.in_queue)
    return select(Product.id).where(Product.queued > 0, queues.free > 0, somebody_waits).order_by(Product.id)


def _serve(db: Database, product_id: int, now: datetime) -> int:
    """Batch after batch, each in a transaction of its own. Returns how many got a unit."""
    done = 0
    while more := _allocate(db, product_id, now):
        done += more
    return done


def _allocate(db: Database, product_id: int, now: datetime) -> int:
    """Allocate one batch. The orders are locked before their product, as everywhere, in the order of their ids."""
    with db.write() as session:
        ids = session.scalars(queues.waiting(product_id).with_only_columns(Order.id).limit(BATCH)).all()
        if not ids:
            return 0
        locked = select(Order).where(Order.id.in_(ids)).order_by(Order.id).with_for_update()
        mine = {each.id: each for each in session.scalars(locked.execution_options(populate_existing=True))}
        for each in mine.values():
            end_if_overdue(session, each, now)
        product = session.get_one(Product, product_id, with_for_update=True, populate_existing=True)
        return _hand_out(session, product, mine, now)


def _hand_out(session: Session, product: Product, mine: dict[int, Order], now: datetime) -> int:
    """The head of the queue as it stands now, as far as it is locked and units go; exactly one unit each."""
    free = (product.stock or 0) - (product.taken - product.queued) - product.kept
    if free <= 0:
        return 0
    heads: list[Order] = []
    for order_id in session.scalars(queues.waiting(product.id).with_only_columns(Order.id).limit(min(free, BATCH))):
        if order_id not in mine:
            break
        heads.append(mine[order_id])
    if heads:
        restock = _restock_for(session, product, len(heads), now)
        heads = heads[: restock[1]]
        _give(session, product, heads, restock[0], now)
    return len(heads)


def _restock_for(session: Session, product: Product, wanted: int, now: datetime) -> tuple[Launch, int]:
    """The oldest restock with units left, and how many; where none has, a unit was freed, which is a restock too."""
    used = select(func.count(Order.id)).where(Order.restock_id == Launch.id).correlate(Launch).scalar_subquery()
    mine = (Launch.product_id == product.id, Launch.kind == "restock", Launch.closed_at.is_(None), used < Launch.units)
    found = session.execute(select(Launch, Launch.units - used).where(*mine).order_by(Launch.id).limit(1)).first()
    if found is not None:
        return found[0], found[1]
    return _open(session, product, wanted, FREED, "a unit came back", now), wanted


def _give(session: Session, product: Product, heads: Sequence[Order], restock: Launch, now: datetime) -> None:
    ids = [each.id for each in heads]
    change = update(Order).where(Order.id.in_(ids), Order.allocated_at.is_(None))
    session.execute(change.values(allocated_at=now, restock_id=restock.id, delay_due_at=None))
    product.queued -= len(ids)
    session.flush()


def close_done(db: Database, now: datetime) -> int:
    """Close the restocks of which nothing is open: no order that is to be paid, and no unit that somebody waits for."""
    with db.write() as session:
        return sum(_close(session, each, now) for each in session.scalars(_done()).all())


@cache
def _done() -> Select[int]:
    waits = exists().where(Order.product_id == Launch.product_id, queues.in_queue)
    used = select(func.count(Order.id)).where(Order.restock_id == Launch.id).correlate(Launch).scalar_subquery()
    has_free = exists().where(Product.id == Launch.product_id, queues.free > 0)
    left = and_(used < Launch.units, waits, has_free)
    at_rest = queues.open_orders(Launch) == 0
    return select(Launch.id).where(Launch.kind == "restock", Launch.closed_at.is_(None), at_rest, ~left)


def _close(session: Session, launch_id: int, now: datetime) -> bool:
    return changed(
        session, update(Launch).where(Launch.id == launch_id, Launch.closed_at.is_(None)).values(closed_at=now)
    )
