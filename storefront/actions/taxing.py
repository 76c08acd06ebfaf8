"""Tax: a calculation before a payment goes out, and what was taxed when, where and at which rate (stripe.md 1.8).

With STRIPE_TAX=1 Checkout reckons the tax of a visit by itself. A payment on a saved card needs a calculation first: an
attempt as any other, committed before the call, so that an unknown outcome is asked again and nothing is ever charged
without. Its id stands in the payment's body. Prices include tax: a calculation changes no total.

Each hold, payment and refund leaves a tax point in the transaction that records it; payments and refunds get the next
number of their series. A refund that failed later is answered by a correcting receipt, which takes its credit note back.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.actions.attempting import NOTHING_HAPPENED, PAUSE, Record, begin
from storefront.actions.declining import declined
from storefront.actions.patience import for_each
from storefront.actions.tasking import ask_creator, close_tasks
from storefront.models import taxes
from storefront.models.db import Database, put_all
from storefront.models.money import Refund
from storefront.models.orders import Attempt, Order
from storefront.models.orders import zones as zones_of
from storefront.models.taxes import Calculation, TaxPoint
from storefront.outside import stripe_answers
from storefront.outside.stripe_answers import Card, Declined, Done, Intent, Outcome, Refused, Tax
from storefront.outside.world import Outside
from storefront.rules import papers, tax
from storefront.rules.order import State
from storefront.rules.papers import Series
from storefront.rules.words import KIND

NO_PLACE = "customer_tax_location_invalid"
LATER = timedelta(hours=1)
SUBJECT = "Stripe Tax"
UNTAXED = Tax(0, "", "", "")


def of_visit(outside: Outside, order: Order, body: dict[str, Any]) -> dict[str, Any]:
    """The body of a visit, with what its page needs to reckon the tax: where the buyer lives, and what is sold."""
    if not outside.tax:
        return body
    asked = {"billing_address_collection": "required", "customer_update": {"address": "auto"}}
    if body["mode"] == "setup":
        return {**body, **asked}
    items = [_inclusive(each, order) for each in body["line_items"]]
    return {**body, **asked, "line_items": items, "automatic_tax": {"enabled": True}}


def _inclusive(item: dict[str, Any], order: Order) -> dict[str, Any]:
    price = item["price_data"]
    sold = {**price["product_data"], "tax_code": tax.code(order.product.kind)}
    return {**item, "price_data": {**price, "tax_behavior": "inclusive", "product_data": sold}}


def address_of(card: Card | None) -> dict[str, str]:
    """As much of a card's address as tax hangs on."""
    return dict(card.address) if card else {}


def begin_taxed(
    session: Session,
    outside: Outside,
    order: Order,
    kind: str,
    record: Record,
    now: datetime,
    *,
    body: dict[str, Any],
    target: str = "",
) -> tuple[Attempt | None, Record]:
    """Begin a hold, a charge or a capture; or, where it may not go without, the calculation of its tax."""
    amount = body.get("amount_to_capture") or body["amount"]
    if not outside.tax or (kind == "capture" and _is_taxed(session, target, amount, now)):
        return begin(session, order, kind, now, target=target, body=body), record
    reckoned = _reckoned(session, order, amount, now)
    if reckoned is None:
        return begin(session, order, "tax", now, body=_question(order, amount)), record_tax
    hooked = {**body, "hooks": {"inputs": {"tax": {"calculation": reckoned.stripe_id}}}}
    return begin(session, order, kind, now, target=target, body=hooked), record


def _is_taxed(session: Session, intent: str, amount: int, now: datetime) -> bool:
    """Whether a hold brought its tax along: Checkout's, or a calculation that Stripe still has, for this very amount."""
    hold = taxes.point(session, "hold", intent)
    if hold is None or not hold.place or hold.amount != amount:
        return False
    if not hold.calculation:
        return True
    expires = session.scalar(select(Calculation.expires_at).where(Calculation.stripe_id == hold.calculation))
    return expires is not None and now < expires


def _reckoned(session: Session, order: Order, amount: int, now: datetime) -> Calculation | None:
    """The calculation that this payment goes by: of today, for this amount and address."""
    query = select(Calculation).where(Calculation.order_id == order.id, Calculation.amount == amount)
    last = session.scalars(query.order_by(Calculation.id.desc()).limit(1)).first()
    if last is None or last.address != order.address or not tax.serves(last.made_at, last.expires_at, now):
        return None
    return last


def _question(order: Order, amount: int) -> dict[str, Any]:
    """What tax is in the price, for whoever lives there; the customer's address where the card has none."""
    item = {
        "amount": amount,
        "reference": order.number,
        "tax_behavior": "inclusive",
        "tax_code": tax.code(order.product.kind),
    }
    asked = {"currency": order.currency.lower(), "line_items": [item]}
    if not order.address:
        return {**asked, "customer": order.customer}
    return {**asked, "customer_details": {"address": dict(order.address), "address_source": "billing"}}


def record_tax(
    session: Session, _outside: Outside, order: Order, attempt: Attempt, outcome: Outcome, now: datetime
) -> None:
    """The tax is known and the payment goes out next; or a person is asked, and nothing is charged meanwhile."""
    told = outcome.value if isinstance(outcome, Done) else None
    if isinstance(told, stripe_answers.Calculation) and told.total == _amount(attempt):
        _keep(session, order, attempt, told, now)
        close_tasks(session, "tax", SUBJECT, "stripe", now)
    elif isinstance(outcome, Refused) and outcome.code in NOTHING_HAPPENED:
        order.retry_at = now + PAUSE
    elif isinstance(outcome, Refused) and outcome.code == NO_PLACE and order.state != State.HELD:
        declined(session, order, attempt, Declined("no_address"), now)
    else:
        order.retry_at = now + LATER
        _ask(session, order, outcome, now)


def _amount(attempt: Attempt) -> int:
    amount: int = attempt.body["line_items"][0]["amount"]
    return amount


def _keep(session: Session, order: Order, attempt: Attempt, told: stripe_answers.Calculation, now: datetime) -> None:
    row = Calculation(
        order_id=order.id,
        stripe_id=told.id,
        amount=_amount(attempt),
        currency=order.currency,
        address=dict(attempt.body.get("customer_details", {}).get("address", {})),
        tax=told.tax.amount,
        rate=told.tax.rate[:10],
        tax_name=told.tax.name[:30],
        place=told.tax.place[:2],
        made_at=now,
        expires_at=told.expires_at,
    )
    session.add(row)


def _ask(session: Session, order: Order, outcome: Outcome, now: datetime) -> None:
    """One task for all orders: what is wrong stands in Stripe's settings, and the first success closes it."""
    said = outcome.sentence if isinstance(outcome, Refused) else "It would change the price."
    sentence = (
        f"Stripe did not reckon the tax of order {order.number}, so it is not charged: {said} "
        "Look at the tax settings in Stripe's dashboard. It is tried again every hour by itself."
    )
    ask_creator(session, order, "tax", SUBJECT, sentence, now)


def note_hold(session: Session, order: Order, intent: Intent, told: Tax | None, now: datetime) -> None:
    """A hold stands: what tax a capture would bring. It has no document, since nothing is paid."""
    if taxes.point(session, "hold", intent.id) is None:
        by = told or _of_calculation(session, intent.calculation) or UNTAXED
        session.add(_point(order, "hold", intent.id, intent.amount, by, now, calculation=intent.calculation))
        session.flush()


def note_payment(
    session: Session, outside: Outside, order: Order, intent: Intent, told: Tax | None, now: datetime
) -> None:
    """Money has come: its receipt, in the transaction that enters it into the ledger. `told`: Checkout's tax."""
    if taxes.point(session, "payment", intent.id) is not None:
        return
    by = told or _of_calculation(session, intent.calculation) or _of_hold(session, intent) or UNTAXED
    point = _point(order, "payment", intent.id, intent.received, by, now, calculation=intent.calculation)
    point.paper = outside.seller.facts() | _about(order, intent.card.name if intent.card else order.card)
    _issue(session, point, Series.RECEIPT, now)


def note_payments(session: Session, outside: Outside, came: Sequence[tuple[Order, Intent]], now: datetime) -> None:
    """The receipts of many payments, none of which has one or a calculation of its own, in a few statements."""
    if not came:
        return
    intents = [intent.id for _, intent in came]
    holds, zones = taxes.points(session, "hold", intents), zones_of(session, [order.id for order, _ in came])
    of, seller = papers.series(Series.RECEIPT, now), outside.seller.facts()
    number, rows = taxes.count(session, of, len(came)) - len(came), []
    for order, intent in came:
        number += 1
        by = _part(holds.get(intent.id), intent) or UNTAXED
        row = _facts(order, "payment", intent.id, intent.received, by, now)
        card = intent.card.name if intent.card else order.card
        paper = seller | _told(order, card, zones[order.id])
        rows.append(row | {"paper": paper, "number": papers.number(of, number)})
    put_all(session, TaxPoint, rows)


def _of_calculation(session: Session, calculation: str) -> Tax | None:
    row = session.scalar(select(Calculation).where(Calculation.stripe_id == calculation)) if calculation else None
    return Tax(row.tax, row.rate, row.tax_name, row.place) if row else None


def _of_hold(session: Session, intent: Intent) -> Tax | None:
    """What the hold was taxed with, for as much of it as was captured."""
    return _part(taxes.point(session, "hold", intent.id), intent)


def _part(hold: TaxPoint | None, intent: Intent) -> Tax | None:
    if hold is None:
        return None
    return Tax(tax.share(hold.tax, hold.amount, intent.received), hold.rate, hold.tax_name, hold.place)


def _about(order: Order, card: str) -> dict[str, str]:
    return _told(order, card, order.promise.zone)


def _told(order: Order, card: str, zone: str) -> dict[str, str]:
    product = order.product
    return {
        "order": order.number,
        "email": order.email,
        "title": product.title,
        "by": f"{KIND[product.kind]} by {product.creator.name}",
        "card": card,
        "zone": zone,
    }


def note_credit(session: Session, order: Order, row: Refund, now: datetime) -> None:
    """Money goes back: a credit note on its receipt, with its share of the tax."""
    stripe_id = row.stripe_id or f"by_hand:{row.id}"
    if taxes.point(session, "refund", stripe_id) is not None:
        return
    receipt = taxes.point(session, "payment", row.intent)
    by = _share(session, receipt, row.amount) if receipt else UNTAXED
    point = _point(order, "refund", stripe_id, row.amount, by, now, calculation=receipt.calculation if receipt else "")
    point.at = row.made_at
    point.paper = dict(receipt.paper) if receipt else _about(order, order.card)
    if row.status == "by_hand":
        point.paper["by_hand"] = "yes"
    point.about_id = receipt.id if receipt else None
    _issue(session, point, Series.CREDIT, now)


def _share(session: Session, receipt: TaxPoint, amount: int) -> Tax:
    gone = taxes.credited(session, receipt.id)
    share = tax.share(receipt.tax, receipt.amount, amount, before=gone.amount, taken=gone.tax)
    return Tax(share, receipt.rate, receipt.tax_name, receipt.place)


def note_returned(session: Session, order: Order, row: Refund, now: datetime) -> None:
    """A refund failed after its credit note was issued: a correcting receipt takes the credit note back."""
    credit = taxes.point(session, "refund", row.stripe_id or "")
    if credit is None or taxes.point(session, "payment", credit.stripe_id) is not None:
        return
    by = Tax(credit.tax, credit.rate, credit.tax_name, credit.place)
    point = _point(order, "payment", credit.stripe_id, credit.amount, by, now, calculation=credit.calculation)
    point.about_id, point.paper = credit.id, dict(credit.paper)
    _issue(session, point, Series.RECEIPT, now)


def paper_due(outside: Outside, db: Database, now: datetime, limit: int = 200) -> int:
    """Issue the documents of what moved before there were any, in an older database. Returns how many."""
    with db.read() as session:
        paid = session.scalars(taxes.without_receipt().limit(limit)).all()
        back = [] if paid else session.scalars(taxes.without_credit().limit(limit)).all()
    done = for_each(paid, lambda attempt_id: _late_receipt(outside, db, attempt_id, now))
    return done + for_each(back, lambda refund_id: _late_credit(db, refund_id, now))


def _late_receipt(outside: Outside, db: Database, attempt_id: int, now: datetime) -> None:
    with db.write() as session:
        attempt = session.get_one(Attempt, attempt_id)
        order = session.get_one(Order, attempt.order_id, with_for_update=True)
        if session.scalar(taxes.without_receipt().where(Attempt.id == attempt_id)) is None:
            return
        visit = next((each.intent for each in order.checkouts if each.attempt_id == attempt_id), None)
        intent = visit or attempt.stripe_id or ""
        point = _point(order, "payment", intent, attempt.moved, UNTAXED, now, calculation="")
        point.at, point.paper = attempt.closed_at or now, outside.seller.facts() | _about(order, order.card)
        _issue(session, point, Series.RECEIPT, now)


def _late_credit(db: Database, refund_id: int, now: datetime) -> None:
    with db.write() as session:
        row = session.get_one(Refund, refund_id)
        order = session.get_one(Order, row.order_id, with_for_update=True)
        session.refresh(row)
        if row.counts:
            note_credit(session, order, row, now)


def _point(
    order: Order, kind: str, stripe_id: str, amount: int, by: Tax, now: datetime, *, calculation: str
) -> TaxPoint:
    return TaxPoint(**_facts(order, kind, stripe_id, amount, by, now), calculation=calculation, paper={})


def _facts(order: Order, kind: str, stripe_id: str, amount: int, by: Tax, now: datetime) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "kind": kind,
        "stripe_id": stripe_id,
        "at": now,
        "issued_at": now,
        "amount": amount,
        "currency": order.currency,
        "tax": by.amount,
        "rate": by.rate[:10],
        "tax_name": by.name[:30],
        "place": by.place[:2],
    }


def _issue(session: Session, point: TaxPoint, kind: Series, now: datetime) -> None:
    """Give a document the next number. The receipts' count is locked for both series: no two ever wait crosswise."""
    of = papers.series(kind, now)
    taxes.count(session, papers.series(Series.RECEIPT, now), 0)
    point.number = papers.number(of, taxes.count(session, of))
    session.add(point)
    session.flush()
