"""Bugs that somebody could write, one for each invariant and for the lines of field-bugs.md about money.

`python -m tests.simulation.teeth` finds and keeps a short history that catches each.
"""

from storefront.actions import (
    attempting,
    cancelling,
    charging,
    declining,
    granting,
    hearing,
    launching,
    leaving,
    mailing,
    opening,
    ordering,
    preflighting,
    promising,
    refunding,
    settling,
    stocking,
    visiting,
    writing,
)
from storefront.actions.delivering import deliver
from storefront.actions.moving import move
from storefront.models import grants, orders
from storefront.outside.stripe_gateway import StripeGateway
from storefront.rules import charge, stock
from storefront.rules import launch as launch_rule
from storefront.web import orders as order_pages
from tests.simulation import bugs_banks, bugs_channels, bugs_further
from tests.simulation.planting import Bug, Edit

DAYS = "__import__('datetime').timedelta(days=999)"
HOUR = "__import__('datetime').timedelta(hours=1)"


def bug(name: str, breaks: str, *edits: Edit) -> Bug:
    return Bug(name, breaks, edits)


BUGS = [
    # Calls
    bug("key dropped", "M3", Edit(StripeGateway.perform, '{"idempotency_key": key}', "{}")),
    bug("new key on retry", "M3", Edit(attempting.call, "attempt.key)", 'f"{attempt.key}:{attempt.tries}")')),
    bug("blind retry after a day", "M3", Edit(attempting.call, "now - attempt.opened_at < KEY_LIFE", "True")),
    bug(
        "another body on retry",
        "M3",
        Edit(attempting._body, '"attempt": attempt.key', '"attempt": attempt.key, "tries": str(attempt.tries)'),
    ),
    bug(
        "call inside a transaction",
        "no network inside a transaction",
        Edit(attempting.carry_out, "    outcome = call", "    with db.read(): outcome = call"),
        Edit(attempting.carry_out_all, "tally.come.append", "with db.read(): tally.come.append"),
    ),
    bug(
        "unknown taken for no",
        "network errors taken for declines",
        Edit(
            attempting.record_one,
            "if isinstance(outcome, Unknown):",
            'if isinstance(outcome, Unknown): outcome = Refused("gone", "gone")\n    if False:',
        ),
    ),
    bug(
        "found without looking",
        "Q1",
        Edit(
            attempting._look,
            "found = outside.stripe.find(attempt.kind, attempt.key, attempt.body)",
            "found = None",
        ),
    ),
    bug(
        "recorded twice",
        "lease expiry while the old holder lives",
        Edit(
            attempting.record_one,
            "if closed is not None:",
            "closed = closed or session.get_one(Attempt, attempt.id)\n        if True:",
        ),
        Edit(charging.charged_all, "if each.attempt.id not in still_open:", "if False:"),
    ),
    bug(
        "nobody takes over",
        "Q2",
        Edit(attempting.lapsed, '{"now": now, ', f'{{"now": now - {DAYS}, '),
    ),
    # Charging
    bug("charged after cancelling", "M5", Edit(charging._due, "not_leaving, ")),
    bug("held without a second look", "M5", Edit(preflighting._preflight, " or order.cancel_wished_at")),
    bug(
        "visit begun while leaving",
        "M5",
        Edit(visiting._open_to_visits, "order.cancel_wished_at is None and "),
    ),
    bug("charged before the day", "M4", Edit(launching.launch_due, '{"now": now}', f'{{"now": now + {HOUR}}}')),
    bug(
        "opened by hand before the promised day",
        "released hours too early",
        Edit(launching.launch_now, "latest is not None and latest > now", "False"),
        Edit(orders.launched, "or_(not_before.is_(None), not_before <= now)", "Order.unit"),
    ),
    bug(
        "charged too much", "M1", Edit(preflighting.off_session, '"amount": order.price', '"amount": order.price + 100')
    ),
    bug("charged in dollars", "M15", Edit(preflighting.off_session, "order.currency.lower()", '"gbp"')),
    bug(
        "sold at today's price",
        "buyer sent to buy again at a new price",
        Edit(visiting._body, '"unit_amount": order.price', '"unit_amount": order.product.offers[-1].price'),
    ),
    bug(
        "paid without a ledger",
        '"capture" that only marks as paid',
        Edit(charging._paid, "attempt.moved = intent.received", "attempt.moved = 0"),
        Edit(charging._close_all, '"came": each.intent.received', '"came": 0'),
    ),
    bug(
        "paid at once, and not in the ledger", "M7", Edit(settling._complete, ".moved = intent.received", ".moved = 0")
    ),
    bug(
        "lapsed hold left alone",
        "capture after the hold had expired",
        Edit(charging._due, 'or_(Order.state == "reserved", Order.capture_before <= NOW)', 'Order.state == "reserved"'),
        Edit(hearing._hold, "if order is None:", "if True:"),
    ),
    bug(
        "hold kept that does not fit",
        "M13",
        Edit(preflighting._misfits, "or_(Launch.at > Order.serves_until, Launch.at.is_(None))", "Launch.at.is_(None)"),
    ),
    # Declines
    bug(
        "declined and nobody told",
        "authentication needed and nobody told",
        Edit(declining._past_due, 'owe(session, order, "past_due", now, version=episode)', "pass"),
    ),
    bug(
        "declined and still open",
        "M14",
        Edit(declining._past_due, "suspend(session, order, now)", "pass"),
        Edit(declining.hold_lost, "suspend(session, order, now)", "pass"),
    ),
    bug(
        "grace without end",
        "M14",
        Edit(cancelling.cancel_due, '_over(), {"now": now, ', f'_over(), {{"now": now - {DAYS}, '),
    ),
    bug(
        "grace from the decline only",
        "M14",
        Edit(charge.grace_until, "max(declined_at, launch_at) + GRACE", "declined_at + GRACE"),
    ),
    bug(
        "declined intent left open",
        "I4",
        Edit(cancelling._untidy, "or_(Order.stray_intent.is_not(None), lost.exists())", "lost.exists()"),
        Edit(cancelling._next_release, "if order.stray_intent:", "if False:"),
    ),
    # Cancelling and refunds
    bug(
        "cancelled, hold left open",
        "order cancelled but the hold left open",
        Edit(
            cancelling.follow,
            "elif state == State.HELD and hold:\n        void_hold(outside, db, order_id, now)\n    elif state in {State.RESERVED,",
            "elif state in {State.HELD, State.RESERVED,",
        ),
    ),
    bug(
        "card left saved",
        "I4",
        Edit(cancelling._untidy, "done & Order.payment_method.is_not(None)", "Order.id.is_(None)"),
    ),
    bug(
        "closed while a call is open",
        "M5",
        Edit(cancelling._free_to_close, " and not call_open(session, order.id)"),
        Edit(cancelling._leaving, "free = (no_open_attempt, ", "free = ("),
    ),
    bug(
        "cancelled and nobody told",
        "automatic cancellation that tells nobody",
        Edit(cancelling.close, 'owe(session, order, "cancelled", now)', "pass"),
    ),
    bug(
        "siblings cancelled too",
        "cancelling one order cancelled its siblings",
        Edit(leaving.wish, "Order.id == order.id", "Order.product_id == order.product_id"),
    ),
    bug(
        "refund never begun",
        "pending refund never followed up",
        Edit(cancelling.follow, "refund(outside, db, order_id, now)", "pass"),
    ),
    bug(
        "refund not in the ledger",
        "M10",
        Edit(refunding._new_row, "amount=told.amount", "amount=1"),
    ),
    bug(
        "refund of half",
        "Q5",
        Edit(refunding._begin_rest, "_body(intent, amount)", "_body(intent, amount // 2)"),
        Edit(refunding._all_back, "if money.left(session, order):", "if False:"),
    ),
    # Settling
    bug(
        "settled twice",
        "double charge on a repeated webhook",
        Edit(settling._record, "if not changed(session, closing):", "if changed(session, closing) is None:"),
    ),
    bug(
        "units back by our own clock",
        "S3",
        Edit(settling._settle_visit, "outside.stripe.expire(visit.session_id)", "pass"),
        Edit(settling._settle_visit, 'told.status == "open"', 'told.status == "open" and not end'),
    ),
    bug(
        "visits never end",
        "Q3",
        Edit(settling.settle_ended, '_ended(), {"now": now, ', f'_ended(), {{"now": now - {DAYS}, '),
        Edit(hearing._visit, "settle(outside, db, order_id, now)", "pass"),
    ),
    bug("two visits at once", "M2", Edit(visiting.begin_visit, "visit_open(session, order.id)", "False")),
    bug(
        "event done without effect",
        "webhook before the commit of the row it names",
        Edit(hearing._note, "if known:", "if True:"),
    ),
    bug(
        "forged event taken",
        "forged webhook",
        Edit(StripeGateway.event, "stripe.WebhookSignature.verify_header(", "(lambda *_a, **_k: None)("),
    ),
    bug(
        "event of another version acted on",
        "old API version",
        Edit(hearing._not_ours, "event.api_version != API_VERSION", "False"),
    ),
    bug(
        "late news revives", "M11", Edit(move, "state not in before or after not in TRANSITIONS[State(state)]", "False")
    ),
    # Stock
    bug(
        "two buyers of the last seat",
        "S1",
        Edit(stocking._offer_change, 'Offer.id == bindparam("its_id"), left', 'Offer.id == bindparam("its_id")'),
        Edit(stocking._product_change, "here.where(in_stock)", "here"),
        Edit(stock.standing, "stock.to_sell is None or stock.to_sell > 0", "True"),
    ),
    bug(
        "unit not returned",
        "units not returned after a cancellation",
        Edit(settling._expired, "if ended:", "if False:"),
    ),
    bug(
        "early-bird count not returned",
        "early-bird counts not returned",
        Edit(
            stocking.give_back,
            "session.execute(update(Offer).where(Offer.id == order.offer_id).values(taken=Offer.taken - 1))",
            "pass",
        ),
    ),
    bug(
        "unit given back twice",
        "S4",
        Edit(
            stocking.give_back,
            "if not changed(session, update(Order).where(Order.id == order.id, Order.unit).values(unit=False)):",
            "if changed(session, update(Order).where(Order.id == order.id).values(unit=False)) is None:",
        ),
        Edit(
            leaving.wish,
            "    change = update(Order)",
            '    give_back(session, order, "wish", now)\n    change = update(Order)',
        ),
    ),
    bug(
        "form sent twice, two orders",
        "double submit",
        Edit(ordering.place, "if before.known:", "if False:"),
        Edit(
            ordering.place,
            "draft = _draft(product, wish, now)",
            "draft = _draft(product, wish, now)\n    draft.nonce = f'{chance.random()}'",
        ),
    ),
    bug("no limit of open visits", "S8", Edit(ordering._refusal, "before.by_mail >= OPEN_PER_ADDRESS", "False")),
    # Access
    bug("open before the launch", "A4", Edit(granting._due, "launched(NOW), ")),
    bug("open before the launch, when settled", "A1", Edit(settling._won, " and is_out(session, order, now)")),
    bug(
        "kept after the refund",
        "A3",
        Edit(refunding._all_back, "revoke(session, order, now)", "pass"),
        Edit(leaving.wish, "suspend(session, order, now)", "pass"),
    ),
    bug(
        "a corrected link revives",
        "revoked access revived by an unrelated edit",
        Edit(opening.fresh_link, "if not grant.live or", "grant.revoked_at = grant.suspended_at = None\n    if"),
        Edit(order_pages._grant, "grant if grant.revoked_at is None else abort(404)", "grant"),
    ),
    bug(
        "used up by a GET",
        "the one-time link used up by a mail scanner's GET",
        Edit(
            order_pages.access,
            "with shop().db.read() as db:\n        grant = _grant(db, token)",
            "with shop().db.write() as db:\n        grant = _grant(db, token)\n        grant.link_redeemed_at = now()",
        ),
    ),
    bug("a link opens twice", "A5", Edit(opening.redeem, "Grant.link_redeemed_at.is_(None), ")),
    bug("an old link lives", "A6", Edit(opening.fresh_link, "link_sha256=fresh, ")),
    bug(
        "read after the end",
        "A3",
        Edit(deliver, " if grant.live else Delivery()"),
        Edit(grants.of_reader, "            Grant.suspended_at.is_(None),\n            Grant.revoked_at.is_(None),\n"),
    ),
    bug(
        "paid but not enrolled",
        "paid but not enrolled",
        Edit(
            granting._due,
            'secured = paid if grant_on == "capture" else or_(paid, live_hold)',
            "secured = live_hold",
        ),
        Edit(charging.paid, "if is_out(session, order, now):", "if False:"),
        Edit(charging._open_all, "for order_id in out:", "for order_id in []:"),
    ),
    bug(
        "granted twice",
        "A2",
        Edit(
            granting.grant,
            "if session.scalar(select(Grant.id).where(Grant.order_id == order.id)) is not None:",
            "if False:",
        ),
        Edit(granting.grant_all, "if each.id not in have and not each.product.pool", "if not each.product.pool"),
        Edit(charging._open_all, "if each.id not in have", ""),
    ),
    # Letters
    bug(
        "no letter at release",
        "N1",
        Edit(granting.grant, 'owe(session, order, "access", now)', "pass"),
        Edit(granting.grant_all, 'owe_all(session, list(made.values()), "access", now)', "pass"),
    ),
    bug(
        "letter before the fact",
        "sent before the commit",
        Edit(
            leaving.wish,
            "    change = update(Order)",
            '    owe(session, order, "cancelled", now)\n    change = update(Order)',
        ),
    ),
    bug("sent without a second look", "N2", Edit(writing.write, "if why:", "if False:")),
    bug("sent by both workers", "letters sent twice", Edit(mailing._claim, "now, free", "now")),
    bug(
        "lost between two commits",
        "letters lost between two commits",
        Edit(mailing._post, "postman.post(written)", "_note(turn, letter_id, written); postman.post(written)"),
    ),
    bug(
        "to the mistyped address",
        "purchase lost when the buyer changed e-mail",
        Edit(
            writing._recipient,
            'letter.recipient if letter.kind in TO_CREATOR | {"address_old"} else letter.order.email',
            "letter.recipient",
        ),
    ),
    bug(
        "noted by nobody",
        "N3",
        Edit(mailing._note, "_change(turn, [letter_id], sent_at=turn.now,", "_change(turn, [letter_id],"),
    ),
    # Launches
    bug(
        "moved and nobody told",
        "delay never announced",
        Edit(launching._move, "follow_move(session, order, launch, now)", "pass"),
    ),
    bug(
        "moved while at Stripe, and not told",
        "N4",
        Edit(settling._won, "order.promise.launch_generation != launch.generation", "False"),
        Edit(launching._end_visits, "expires_at=now", "expires_at=Checkout.expires_at"),
    ),
    bug(
        "moved without a letter",
        "N4",
        Edit(settling.follow_move, 'owe(session, order, "moved", now, version=fresh.version, **moved)', "pass"),
    ),
    bug(
        "missed while nothing ran",
        "the scheduler was down at T and skipped the launch",
        Edit(launching.launch_due, "for each in due)", f"for each in due if each.at > now - {HOUR})"),
    ),
    bug(
        "wall time taken for UTC",
        "UTC used for local time",
        Edit(
            launch_rule.resolve,
            "Moment(first.astimezone(UTC), wall, zone)",
            "Moment(wall.replace(tzinfo=UTC), wall, zone)",
        ),
    ),
    bug("moved under the same generation", "T4", Edit(launching._set, "launch.generation + 1", "launch.generation")),
    bug(
        "launched again",
        "T1",
        Edit(launching._due, "Launch.launched_at.is_(None), "),
        Edit(launching._release, ", Launch.launched_at.is_(None)"),
    ),
    # Records
    bug("no log row", "L1", Edit(move, "session.add(LogRow(", "str(LogRow(")),
    bug(
        "promise edited",
        "L2",
        Edit(
            settling.follow_move,
            "    before = order.promise\n",
            "    before = order.promise\n    before.price = before.price - 1\n",
        ),
    ),
    bug(
        "promise without its price",
        "M6",
        Edit(promising._next, "last.version + 1}", 'last.version + 1, "price": last.price + 1}'),
    ),
    bug("unit without its row", "L3", Edit(stocking.give_back, "session.add(_row(order, -1, now, why))", "pass")),
    # What the simulation found first
    bug(
        "sold without a date",
        "one order without a date",
        Edit(ordering._can_be_promised, "launch.at is not None and now", "launch.at is None or now"),
    ),
    bug(
        "detached without asking",
        "I4",
        Edit(attempting._card_says, "if card.customer is None:", "if True:"),
    ),
    bug(
        "visit with a lapsed hold never closed",
        "Q3",
        Edit(settling._record, " and not lapsed"),
        Edit(settling._secured, 'told.status == "complete" and ', "False and "),
    ),
    bug(
        "open after a cancellation",
        "A3",
        Edit(cancelling.close, "revoke(session, order, now)", "pass"),
        Edit(leaving.wish, "suspend(session, order, now)", "pass"),
    ),
    bug(
        "replaced card left saved",
        "I4",
        Edit(cancelling._untidy, "        replaced.exists(),\n", ""),
        Edit(cancelling._forget, "if visit.won and", "if False and"),
    ),
]
BUGS += bugs_further.BUGS + bugs_banks.BUGS + bugs_channels.BUGS
