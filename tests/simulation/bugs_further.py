"""More bugs that somebody could write: about delays, queues, waiting lists, and products that are given up."""

from storefront.actions import (
    cancelling,
    compensating,
    delaying,
    giving_up,
    launching,
    leaving,
    listing,
    ordering,
    readying,
    rehearsing,
    restocking,
    settling,
    stocking,
    writing_tickets,
)
from storefront.models import orders, products, queues
from storefront.rules import delay, stock
from storefront.rules import leaving as leaving_rule
from storefront.web import delay as delay_pages
from storefront.web.studio import stock as stock_pages
from tests.simulation.planting import Bug, Edit

NO_INDEX = "session.execute(__import__('sqlalchemy').text('DROP INDEX IF EXISTS uq_rehearsals_once'))"


def bug(name: str, breaks: str, *edits: Edit) -> Bug:
    return Bug(name, breaks, edits)


BUGS = [
    # Delays
    bug(
        "silence carries along twice",
        "a second delay is a renewed notice",
        Edit(
            delay._first,
            "if standing.silent is not None and (move.to is None or move.to > standing.silent):",
            "if False:",
        ),
    ),
    bug(
        "silence agrees to any day",
        "M13: beyond 30 days a yes is needed",
        Edit(delay._first, "if move.to is not None and move.to <= by + SILENCE_AGREES_WITHIN:", "if move.to:"),
    ),
    bug(
        "asked again, with more time",
        "the last question takes an earlier one's place, never its deadline further",
        Edit(
            delay._after_the_date,
            "replace(standing.asked, to=move.to)",
            "replace(standing.asked, to=move.to, deadline=move.at + SILENCE_AGREES_WITHIN)",
        ),
    ),
    bug(
        "launched late, and charged all the same",
        "a launch later than 24 hours charges nobody whose order has ended",
        Edit(launching._release, "    end_overdue(session, launch, now)\n", ""),
    ),
    bug(
        "moved without a plan",
        "T4",
        Edit(delaying.told, "plan(session, order, now)", "verdict(session, order, now)"),
    ),
    bug(
        "cancelled by silence, although agreed",
        "M13",
        Edit(delaying.case_of, 'if each.how == "click"]', "if False]"),
    ),
    bug(
        "a yes at the last second refused",
        "silence comes last",
        Edit(delaying._agree, "if not _counts(session, order, now):", "if found.state is not State.WAITING:"),
    ),
    bug(
        "a no that lets nobody go",
        "L1",
        Edit(delay_pages._cancel, 'wish(db, found, who="buyer", why=WHY, now=now())', "pass"),
    ),
    bug(
        "answered by a GET",
        "A5",
        Edit(
            delay_pages.show,
            "with shop().db.read() as db:",
            "with shop().db.write() as db:",
        ),
        Edit(
            delay_pages.show,
            "        return _page(db, found, token)",
            "        delaying.agree(db, found, found.promise_version, now())\n        return _page(db, found, token)",
        ),
    ),
    bug(
        "moved without a notice",
        "N4",
        Edit(launching._move, "_keep_notice(session, launch, before, now, who, offered)", "pass"),
    ),
    bug(
        "gift sent twice",
        "D3: compensation is given once",
        Edit(compensating._send_back, "known = session.scalar(begun.limit(1)) is not None", "known = False"),
    ),
    bug(
        "sold on a day that was missed",
        "buyer sold what the rules cancel at once",
        Edit(ordering._can_be_promised, " and now < launch.at + RUNS_LATE", ""),
    ),
    # Before a launch
    bug(
        "opened without its content",
        "D6: held up until it is complete",
        Edit(launching._due, ", ~held_up", ""),
    ),
    bug("held up, and nobody told", "N1", Edit(readying._hold_up, "for order in orders:", "for order in []:")),
    bug(
        "paid while held up, and not told",
        "N1",
        Edit(settling._won, "_late_meanwhile(session, order, launch, now)", "pass"),
    ),
    bug("rehearsed by both workers", "T3", Edit(rehearsing._kept, "with session", f"{NO_INDEX}\n        with session")),
    bug(
        "opened without being asked",
        "W1: the waiver is asked at first access",
        Edit(leaving_rule.asks_waiver, "return now < withdraw_until", "return now is None and now < withdraw_until"),
    ),
    bug(
        "withdrawn without an acknowledgement",
        "N1",
        Edit(leaving.wish, 'owe(session, order, "withdrawn", now)', "pass"),
    ),
    # Giving a product up
    bug(
        "given up, and its orders stay",
        "M5",
        Edit(giving_up.give_up, "wish_all(session, product.id, who=who, why=made.reason, now=now)", "pass"),
    ),
    bug(
        "given up, and launched",
        "T4",
        Edit(launching._due, ", ~given_up", ""),
        Edit(launching._release, ", ~given_up", ""),
    ),
    bug("closed before all is over", "Q5", Edit(giving_up._close, ", ~rest, ~alive", "")),
    bug(
        "sold after it was given up",
        "Q5",
        Edit(products._by_slug, ", Product.retired_at.is_(None)", ""),
        Edit(ordering.current_offer, "product.retired_at is not None or ", ""),
        Edit(stocking._product_change, ", Product.retired_at.is_(None)", ""),
    ),
    bug(
        "given up while held up, and said to wait",
        "Q7",
        Edit(giving_up.give_up, "readying.free(session, product.launch, now)", "pass"),
    ),
    # Queues
    bug("one unit too many", "S6", Edit(restocking._hand_out, "free = (", "free = 1 + (")),
    bug(
        "last come, first served",
        "S5",
        Edit(
            queues.waiting,
            "order_by(Order.queued_at, Order.id)",
            "order_by(Order.queued_at.desc(), Order.id.desc())",
        ),
    ),
    bug(
        "more than may queue",
        "S1",
        Edit(stocking._product_change, ", Product.queued < Product.backorders", ""),
        Edit(stock.takes_back_orders, "stock.queued < stock.cap and ", ""),
    ),
    bug(
        "a unit that came back is nobody's",
        "S5",
        Edit(restocking._to_serve, "queues.free > 0", "queues.free > 1"),
    ),
    bug(
        "a unit that came back is two buyers'",
        "S1",
        Edit(restocking._give, "product.queued -= len(ids)", "product.queued -= 0"),
    ),
    bug(
        "a unit that failed is kept after the grace",
        "Q6",
        Edit(
            cancelling.close,
            'give_back(session, order, "cancelled", now)',
            'give_back(session, order, "cancelled", now) if who != GRACE else None',
        ),
    ),
    bug("charged before its unit is there", "S6", Edit(orders.launched, "Order.unit, allocated", "Order.unit")),
    bug(
        "a unit for whoever was missed",
        "M13",
        Edit(restocking._allocate, "end_if_overdue(session, each, now)", "pass"),
    ),
    bug(
        "lowered, and orders dropped",
        "S7",
        Edit(
            restocking.lower,
            'change_stock(session, product.id, -units, who, "taken out", now)',
            'change_stock(session, product.id, -units, who, "taken out", now)\n'
            '    from storefront.actions.leaving import wish_all; wish_all(session, product.id, who=who, why="", now=now)',
        ),
    ),
    bug(
        "units added without their row",
        "S2",
        Edit(stocking.change_stock, "    session.add(StockMove(", "    str(StockMove("),
    ),
    bug(
        "licence keys imported twice",
        "D5: duplicates are named, nothing is imported",
        Edit(restocking.import_keys, "if given.faults(keys.known(session, product.id)):", "if False:"),
    ),
    bug(
        "a refusal that ends in an error",
        "the stock page answered 500",
        Edit(
            stock_pages._do,
            "    if refused:",
            "        if refused: session.rollback(); find_product(session, slug)\n    if refused:",
        ),
    ),
    # Waiting lists
    bug(
        "an offer that lapsed revives",
        "S4",
        Edit(listing.is_open, " and now < ticket.offer_until", ""),
        Edit(listing._over, ", Ticket.offer_until <= NOW", ", Ticket.id < 0"),
    ),
    bug(
        "an offer that does not hold its unit",
        "S1",
        Edit(listing._keep_one, "kept=Product.kept + 1, ", ""),
    ),
    bug(
        "offered to the last on the list",
        "S5",
        Edit(
            listing._offer_one,
            "order_by(Ticket.joined_at, Ticket.id)",
            "order_by(Ticket.joined_at.desc(), Ticket.id.desc())",
        ),
    ),
    bug(
        "offered, and nobody told",
        "N1",
        Edit(listing._offer_one, 'owe_ticket(session, ticket, "unit_offered", now)', "pass"),
    ),
    bug(
        "an offer without end",
        "S4",
        Edit(listing._over, "Ticket.offer_until <= NOW", "Ticket.id < 0"),
    ),
    bug(
        "told of an offer that is over",
        "N2",
        Edit(writing_tickets.ticket_outdated, 'else "the offer is over"', 'else ""'),
    ),
    bug(
        "sold past whoever waits",
        "S5",
        Edit(stocking._product_change, "here.where(in_stock)", "here.where(queues.free > 0)"),
        Edit(stock.Stock.to_sell.fget, "0 if self.queued or self.waiting else ", ""),  # type: ignore[attr-defined]
    ),
]
