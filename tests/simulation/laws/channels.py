"""Three channels: who is not reached is somebody's task, and no phone rings that its owner did not ask to (policies.md 5)."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from storefront.rules.letter_rows import OF_PRODUCT
from tests.simulation.carrier import Called
from tests.simulation.facts import Facts, Row, read, written
from tests.simulation.registry import always, at_commit, quiet
from tests.simulation.world import World

NOT_TO_BUYERS = {"address_old", "task", "grace_over", "missed", "dispute_won", "dispute_lost"} | OF_PRODUCT
LEASE, MOMENT = timedelta(seconds=120), timedelta(minutes=5)
MORNING, EVENING = 8, 21
MOST_CALLS = 2


def to_buyer(letter: Row) -> bool:
    return bool(letter.order_id and letter.kind not in NOT_TO_BUYERS)


@always("C1")
def c1_who_is_not_reached_is_somebodys_task(facts: Facts, _world: World) -> Iterator[str]:
    """A letter that failed goes by text, or its creator is asked; one that went to the new address as well is told there."""
    failed = [each for each in facts.letters if each.failed_at and to_buyer(each)]
    if not failed:
        return
    texted = {each.letter_id for each in facts.texts if not each.failed_at}
    asked = [each for each in facts.tasks if each.kind == "bounce"]
    orders, words = {each.order_id for each in asked}, " ".join(each.sentence for each in asked)
    for each in failed:
        reached = each.id in texted or each.order_id in orders or each.recipient in words
        if not reached and each.recipient == facts.orders[each.order_id].email:
            yield f"{each.kind} of {facts.orders[each.order_id].number} came back, and nobody was asked"


@always("C2 asked")
def c2_the_creator_is_written_to(facts: Facts, _world: World) -> Iterator[str]:
    """Where a buyer is not reached, their creator has a letter; where the creator is not, the studio alone tells it."""
    told = {each.version for each in facts.letters if each.kind == "task"}
    for each in facts.tasks:
        if each.kind == "bounce" and not each.subject.startswith("own:") and each.id not in told:
            yield f"task {each.id} is {each.subject}, and its creator was not written to"


@always("C3")
def c3_an_address_rests_for_a_reason(facts: Facts, _world: World) -> Iterator[str]:
    """Only because a letter to this very address came back; what came back from one that does not rest goes again."""
    failed = {(each.order_id, each.recipient) for each in facts.letters if each.failed_at and to_buyer(each)}
    for order in facts.orders.values():
        if order.bounced_at and (order.id, order.email) not in failed:
            yield f"{order.number} rests, and no letter to {order.email} came back"
        if not order.bounced_at and (order.id, order.email) in failed:
            yield f"{order.number} does not rest, and a letter to {order.email} came back and is not mailed again"


@at_commit("C9", "mail_events")
def c9_a_report_is_done_with_its_effect(world: World) -> Iterator[str]:
    """Of a letter that is out to that address, a final report switches its channel, in its own transaction; of an earlier
    sending or another address it changes nothing; a complaint ends all news to the address.
    """
    known: set[str] = world.memory.setdefault("heard", set())
    for event in world.ask("SELECT id, type, payload, done_at FROM mail_events WHERE done_at IS NOT NULL"):
        if event.id in known:
            continue
        known.add(event.id)
        said = json.loads(event.payload)
        named = said.get("message_id", "<letter-0.0@").removeprefix("<letter-").split("@")[0].split(".")
        for letter in world.ask("SELECT * FROM letters WHERE id = ? AND version = ?", *named):
            yield from effect(world, event, said, letter)


def effect(world: World, event: Row, said: dict[str, str], letter: Row) -> Iterator[str]:
    """What is wrong with what a report did to the letter that it names."""
    old = letter.recipient != said["recipient"] or (
        letter.sent_at and said["at"] < (read(letter.sent_at) - MOMENT).isoformat()
    )
    if event.type == "complained":
        query = "SELECT id FROM tickets WHERE email = ? AND news"
        if world.ask(query, letter.recipient):
            yield f"{letter.recipient} complained, and is on a list for news still"
    elif old and letter.failed_at and letter.id not in world.memory.get("failed", ()):
        yield f"report {event.id} is of an earlier sending of letter {letter.id}, and ended it"
    elif said["permanent"] and letter.sent_at and not old and not (letter.failed_at or letter.dropped_at):
        yield f"report {event.id} is done, and letter {letter.id} is as it was"


@at_commit("C10", "letters")
def c10_put_back_for_a_reason(world: World) -> Iterator[str]:
    """What was sent or had failed is owed again only where a report or somebody who knows the address is at work."""
    if world.carrier is None:
        return
    over: set[int] = world.memory.setdefault("over", set())
    rows = world.ask("SELECT id, failed_at FROM letters WHERE sent_at IS NOT NULL OR failed_at IS NOT NULL")
    now = {each.id for each in rows}
    world.memory["failed"] = {each.id for each in rows if each.failed_at}
    again = over - now
    world.memory.setdefault("put back", Counter()).update(again)
    world.memory["over"] = now
    if again and not world.house.db.touched & {"orders", "mail_events"}:
        yield f"letters {sorted(again)} are owed again, and nobody said so"


@at_commit("C6", "texts")
def c6_counted_before_it_is_made(world: World) -> Iterator[str]:
    """Keeps, for each actor, the text whose call it has just counted."""
    known: dict[int, int] = world.memory.setdefault("begun", {})
    for each in world.ask("SELECT id, begun FROM texts"):
        if each.begun > known.get(each.id, 0) and world.kernel.current is not None:
            world.memory.setdefault("counted", {})[world.kernel.current.number] = each.id
        if each.begun > MOST_CALLS:
            yield f"text {each.id} was begun {each.begun} times"
        known[each.id] = each.begun


def c5_texts_only_where_agreed(world: World, call: Called) -> None:
    """Each call was counted; it goes to a number whose owner agreed, proved it and has not ended it, by day (C5).

    What was claimed before its buyer ended the texts may be on its way.
    """
    query = (
        "SELECT t.*, p.number, p.zones, p.confirmed_at, p.ended_at, l.kind FROM texts t"
        " JOIN phones p ON p.id = t.phone_id LEFT JOIN letters l ON l.id = t.letter_id WHERE t.id = ?"
    )
    rows = world.ask(query, call.row)
    if not rows or not rows[0].begun:
        world.complain("C6", f"a text to {call.to} was not counted before it was sent")
        return
    (row,) = rows
    claimed = world.now if not row.leased_until else min(world.now, read(row.leased_until) - LEASE)
    if row.number != call.to:
        world.complain("C5", f"text {row.id} goes to {call.to}")
    if row.kind and not row.confirmed_at:
        world.complain("C5", f"text {row.id} goes to a number that nobody has proved")
    if row.ended_at and row.ended_at < written(claimed):
        world.complain("C5", f"text {row.id} is sent, and its buyer has ended the texts")
    hours = [claimed.astimezone(ZoneInfo(each)).hour for each in json.loads(row.zones)[:1]]
    if row.kind not in {None, "access"} and not all(MORNING <= hour < EVENING for hour in hours):
        world.complain("C5", f"text {row.id} rings at {hours[0]} o'clock")


@always("C7")
def c7_a_text_arrives_once(_facts: Facts, world: World) -> Iterator[str]:
    """At most one more than there were calls whose outcome nobody knows, and two of those at most."""
    calls = world.carrier.calls if world.carrier else []
    if len(calls) == world.memory.get("calls seen", 0) and not any(each.outcome == "under way" for each in calls[-9:]):
        return
    world.memory["calls seen"] = len(calls)
    taken = Counter(each.row for each in calls if each.taken)
    unknown = Counter(each.row for each in calls if each.unknown)
    for row, times in taken.items():
        if times > 1 + unknown[row]:
            yield f"text {row} was taken {times} times, of which {unknown[row]} in doubt"
        if times > MOST_CALLS:
            yield f"text {row} was taken {times} times"


@quiet("C8")
def c8_nothing_is_left(facts: Facts, world: World) -> Iterator[str]:
    """Every text is sent, dropped or failed; every report is done; who answered STOP has no number here any more.

    Where a crash swallowed that answer and the text was of no use by then, the next one hears it again.
    """
    for each in facts.texts:
        if not (each.sent_at or each.dropped_at or each.failed_at):
            yield f"text {each.id} is owed still: {each.trouble}"
    for each in facts.mail_events:
        if not each.done_at:
            yield f"report {each.id} is not heard: {each.note}"
    phones = {each.id: each for each in facts.phones}
    said = {each.row for each in (world.carrier.calls if world.carrier else []) if each.outcome == "STOP"}
    for each in facts.texts:
        if each.id in said and not each.dropped_at and not phones[each.phone_id].ended_at:
            yield f"{phones[each.phone_id].number} answered STOP, and is kept"


@quiet("C4")
def c4_no_secret_is_kept(facts: Facts, world: World) -> Iterator[str]:
    """No link of an order or a grant stands in a letter's row, nor in a text's."""
    links = world.shop.outside.links
    secrets = [links.token("order", o.id, o.link_generation, o.link_sha256) for o in facts.orders.values()]
    secrets += [links.token("access", g.id, g.link_generation, g.link_sha256) for g in facts.grants]
    kept = [f"{each.body} {each.facts} {each.subject} {each.trouble}" for each in facts.letters]
    kept += [each.trouble for each in facts.texts]
    for each in kept:
        if any(secret in each for secret in secrets):
            yield f"a link is kept in {each[:60]}"
