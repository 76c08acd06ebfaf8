"""Delays, always: the table of the policy is kept to, by rows read beside the shop (policies.md 1; reliability.md M13, N4)."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from storefront.rules import delay
from storefront.rules.delay import Answer, Case, Move, Silence, State, Verdict
from tests.simulation.facts import Facts, Row, read, written
from tests.simulation.registry import always, at_commit, quiet
from tests.simulation.world import START, World

DECIDED = ("reserved", "held", "past_due", "paid")
LATE, LONGEST = timedelta(hours=24), timedelta(days=31)
AGAIN = timedelta(hours=1)
NO_DAY = "~"  # further than any day that is written with digits
MOMENT = timedelta(microseconds=1)
LAUNCHED = "SELECT launched_at FROM launches WHERE product_id = ? AND kind = 'product'"


def moves_of(promises: Sequence[Row]) -> list[Row]:
    """The versions that a move made, not those that were only bettered."""
    return [each for before, each in pairwise(promises) if each.launch_generation != before.launch_generation]


def case(promises: Sequence[Row], replies: Sequence[Row], released: str | None) -> Case:
    """An order's history as the rules read it: a click comes after the notice that it answers, and before the next."""
    moves, answers, last = list[Move](), list[Answer](), START
    for each in moves_of(promises):
        last = max(read(each.made_at), last + MOMENT)
        moves.append(Move(last, None if each.undated else read(each.by)))
        for said in replies:
            if said.how == "click" and said.version == each.version:
                last = max(read(said.at), last)
                answers.append(Answer(last, wait=said.answer == "wait"))
    return Case(read(promises[0].by), moves, answers, launched_at=read(released) if released else None)


def case_now(world: World, order: Row) -> Case:
    """The same, asked afresh."""
    promises = world.ask("SELECT * FROM promises WHERE order_id = ? ORDER BY version", order.id)
    replies = world.ask("SELECT * FROM replies WHERE order_id = ? ORDER BY at, id", order.id)
    (launch,) = world.ask(LAUNCHED, order.product_id)
    return case(promises, replies, order.allocated_at if order.kind == "back_order" else launch.launched_at)


def last_move(world: World, order_id: int) -> int:
    """The version that the last move made; 2 where none has."""
    moved = moves_of(world.ask("SELECT * FROM promises WHERE order_id = ? ORDER BY version", order_id))
    return moved[-1].version if moved else 2


def counts(world: World, order: Row, now: datetime) -> bool:
    """Whether a yes at this instant is one that the rules count, to a question that needs it."""
    known = case_now(world, order)
    gone = order.state not in DECIDED or order.cancel_wished_at or (known.launched_at and known.launched_at <= now)
    before = delay.decide(known, now - MOMENT)
    if gone or before.question is None or not known.moves or known.moves[-1].at >= now:
        return False
    if before.question.silence is Silence.AGREES:
        return False
    said = delay.decide(Case(known.by, known.moves, [*known.answers, Answer(now, wait=True)]), now)
    return said.state is State.WAITING


@at_commit("P1", "attempts")
def p1_nobody_is_charged_whose_order_has_ended(world: World) -> Iterator[str]:
    """No charge begins once the rules say that an order is cancelled (M13); one that waits for its buyer's card is not missed."""
    last = world.memory.get("charges", 0)
    query = "SELECT id, order_id, opened_at, kind FROM attempts WHERE id > ? ORDER BY id"
    for each in world.ask(query, last):
        world.memory["charges"] = each.id
        (order,) = world.ask("SELECT * FROM orders WHERE id = ?", each.order_id)
        if each.kind in {"capture", "charge"} and order.kind != "purchase" and not order.episode:
            found = delay.decide(case_now(world, order), read(each.opened_at))
            if found.state is State.CANCELLED and not at_stripe_since(world, order, found.since):
                yield f"{order.number} had ended at {found.since} ({found.why}), and a {each.kind} is begun"


def at_stripe_since(world: World, order: Row, since: datetime | None) -> bool:
    """Whether its buyer was at Stripe then, or later: they are waited for, and a launch that has come by then is theirs."""
    visit = "SELECT id FROM checkouts WHERE order_id = ? AND (closed_at IS NULL OR closed_at >= ?)"
    return bool(since and world.ask(visit, order.id, written(since)))


def waiting(facts: Facts) -> Iterator[Row]:
    """Orders that wait for their launch or their unit, with nobody at Stripe; not those that a bank has ended."""
    for order in facts.orders.values():
        if "lost" in facts.disputed.get(order.id, ()):
            continue
        launched = facts.launch(order).launched_at
        here = order.kind == "pre_order" and not launched and order.state in DECIDED
        queued = order.kind == "back_order" and order.state == "reserved" and not order.allocated_at
        if (here or queued) and not order.cancel_wished_at and order.id not in facts.visiting:
            yield order


def by_order(rows: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for each in rows:
        found[each.order_id].append(each)
    return found


@always("P2")
def p2_nobody_silent_waits_for_more_than_a_month(facts: Facts, world: World) -> Iterator[str]:
    """Without a click nobody waits beyond T + 31 days: 30 that silence may agree to, and 24 hours of running late."""
    if world.at_work():
        return
    spoke = {each.order_id for each in facts.replies if each.how == "click" and each.answer == "wait"}
    back = {
        each.order_id for each in facts.checkouts if each.closed_at and read(each.closed_at) + AGAIN >= read(facts.now)
    }
    for order in waiting(facts):
        by = read(facts.promise_of[order.id, 1].by)
        if order.id not in spoke | back and order.state != "past_due" and read(facts.now) > by + LONGEST + AGAIN:
            yield f"{order.number} was promised {by}, said nothing, and waits"


@always("P3")
def p3_silence_speaks_when_it_is_over(facts: Facts, _world: World) -> Iterator[str]:
    """What silence does, it does at the deadline that was told, not before; it carries a buyer along once."""
    promises, letters = by_order(facts.promises), by_order([each for each in facts.letters if each.kind == "moved"])
    for reply in facts.replies:
        if reply.how != "silence":
            continue
        order, first = facts.orders[reply.order_id], facts.promise_of[reply.order_id, 1]
        if reply.at > facts.now or reply.at < first.by:
            yield f"{order.number}: silence spoke at {reply.at}, and its day was {first.by}"
        told = deadline(letters[reply.order_id], reply.version)
        if reply.answer == "cancel" and reply.rule != "missed" and told and reply.at < written(told):
            yield f"{order.number} was to answer until {told}, and silence spoke at {reply.at}"
        if reply.answer == "wait" and carried_twice(promises[reply.order_id], facts.replies, reply):
            yield f"{order.number} was carried along twice, and said nothing"


def deadline(letters: Sequence[Row], version: int) -> datetime | None:
    """What the last notice up to a version said of the time to answer."""
    told = [json.loads(each.facts).get("deadline") for each in letters if each.version <= version]
    return datetime.fromisoformat(told[-1]) if told and told[-1] else None


def carried_twice(promises: Sequence[Row], replies: Sequence[Row], reply: Row) -> bool:
    """Whether the day went further twice, each time ahead of it, between two moments at which the promise stood."""
    spoke = {each.version for each in replies if each.order_id == reply.order_id and each.how == "click"}
    day = promises[0].by
    ahead: list[str] = []  # the days that it went on to, each further than the one before
    for each in moves_of(promises):
        if each.version > reply.version or each.made_at >= day:
            break
        to = NO_DAY if each.undated else each.by
        ahead = [one for one in ahead if one < to] + [to] if to > day else []
        if each.version in spoke:
            return False
    return len(ahead) > 1


@always("P4")
def p4_who_agreed_is_not_cancelled_by_silence(facts: Facts, _world: World) -> Iterator[str]:
    """A click on the newest question is an answer to it."""
    generation = {key: each.launch_generation for key, each in facts.promise_of.items()}
    clicks = {(each.order_id, generation[each.order_id, each.version]) for each in facts.replies if agrees(each)}
    for each in facts.replies:
        silent = each.how == "silence" and each.answer == "cancel" and each.rule != "missed"
        if silent and (each.order_id, generation[each.order_id, each.version]) in clicks:
            yield f"{facts.orders[each.order_id].number} agreed to wait, and silence cancels it"


def agrees(reply: Row) -> bool:
    return bool(reply.how == "click" and reply.answer == "wait")


@always("P5")
def p5_every_order_has_its_next_instant(facts: Facts, _world: World) -> Iterator[str]:
    """`delay_due_at` is the next instant at which the rules change an order, or one that has come and is acted on."""
    promises, replies = by_order(facts.promises), by_order(facts.replies)
    for order in waiting(facts):
        due, found = order.delay_due_at, stands(facts, order, promises[order.id], replies[order.id])
        if due is not None and due <= facts.now:
            continue
        if found.state is State.CANCELLED:
            if due is None or read(due) > read(facts.now) + AGAIN:
                yield f"{order.number} has ended by the rules, and is looked at again at {due}"
        elif (due and read(due)) != found.changes_at:
            yield f"{order.number} changes at {found.changes_at}, and is looked at at {due}"


def stands(facts: Facts, order: Row, promises: Sequence[Row], replies: Sequence[Row]) -> Verdict:
    known = case(promises, replies, order.allocated_at)
    happened = [*(each.at for each in known.moves), *(each.at for each in known.answers)]
    return delay.decide(known, max([read(facts.now), *happened]))


@always("P6")
def p6_a_gift_is_paid_once(facts: Facts, _world: World) -> Iterator[str]:
    """What goes back at Stripe for waiting is what was taken, and no more."""
    why = {each.key: (each.order_id, each.why) for each in facts.attempts if each.why.startswith("for waiting")}
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for each in facts.of_kind("refund"):
        key = (each["metadata"] or {}).get("attempt", "")
        if key in why and each["status"] not in {"failed", "canceled"}:
            sums[why[key]] += each["amount"]
    owed = {(each.order_id, f"for waiting, promise {each.version}"): each.owed for each in facts.replies if each.owed}
    for (order_id, reason), amount in sums.items():
        if amount > owed.get((order_id, reason), 0):
            yield f"{facts.orders[order_id].number} was to get {owed.get((order_id, reason), 0)} back, and got {amount}"


@quiet("P6 at rest")
def p6_a_gift_is_paid(facts: Facts, _world: World) -> Iterator[str]:
    """What was taken for waiting was given, where the order stayed and no bank took all of it."""
    for each in facts.replies:
        order = facts.orders[each.order_id]
        if "lost" in facts.disputed.get(order.id, set()):
            continue
        if each.owed and order.state == "paid" and not order.cancel_wished_at and each.given_at is None:
            yield f"{order.number} waits for {each.owed} that it was to get for waiting"


@always("P9")
def p9_who_says_no_leaves(facts: Facts, _world: World) -> Iterator[str]:
    """A no in the ledger and the wish to leave are one transaction; a bank that gives the money back serves the wish."""
    for each in facts.replies:
        order = facts.orders[each.order_id]
        if "lost" in facts.disputed.get(order.id, ()):
            continue
        if each.how == "click" and each.answer == "cancel" and not order.cancel_wished_at:
            yield f"{order.number} says that it leaves, and stays"


@always("P10")
def p10_no_missed_day_is_promised(facts: Facts, _world: World) -> Iterator[str]:
    """Nobody is sold a day that the rules call missed already."""
    for order in facts.orders.values():
        first = facts.promise_of.get((order.id, 1))
        if first and order.kind == "pre_order" and read(order.placed_at) >= read(first.by) + LATE:
            yield f"{order.number} was placed at {order.placed_at}, and promised {first.by}"


@always("P7")
def p7_every_move_has_its_notice(facts: Facts, _world: World) -> Iterator[str]:
    """A notice for each generation of a launch, and what each letter said of silence is what the rules say."""
    notices: dict[int, int] = defaultdict(int)
    for each in facts.notices:
        notices[each.launch_id] += 1
    for launch in facts.launches:
        if launch.generation != 1 + notices[launch.id]:
            yield f"launch {launch.id} is at generation {launch.generation}, and has {notices[launch.id]} notices"
