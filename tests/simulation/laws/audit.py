"""Audit and time, always: every change has its row, rows never change, nothing fires early."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from storefront.rules.order import TRANSITIONS, State
from tests.simulation.facts import Facts, Row, read
from tests.simulation.registry import always
from tests.simulation.world import World

HEARD = ("checkout.session.completed", "checkout.session.expired")
ROOM = 500  # characters a row has for what went wrong
EXPECTED = ("StripeSilent", "database lost", "SomeFailed", "Stripe does not answer")


@always("L1")
def l1_every_change_has_a_row(facts: Facts, _world: World) -> Iterator[str]:
    """Each state change has one log row with who, why and when; the log replays to the state."""
    state: dict[int, str] = {}
    for row in facts.log:
        before = state.get(row.order_id)
        if row.before != before or (before and row.after not in TRANSITIONS[State(before)]):
            yield f"order {row.order_id} went from {row.before} to {row.after}, and stood at {before}"
        if not row.who or not row.why or row.at > facts.now:
            yield f"row {row.id} does not say who, why or when"
        state[row.order_id] = row.after
    for order in facts.orders.values():
        if state.get(order.id) != order.state:
            yield f"{order.number} is {order.state}, and its log ends at {state.get(order.id)}"


@always("L2")
def l2_append_only(facts: Facts, world: World) -> Iterator[str]:
    """What is written down is not changed: log, units, promises, closed attempts."""
    known: dict[tuple[str, int], Row] = world.memory.setdefault("written", {})
    closed = [each for each in facts.attempts if each.outcome]
    tables = {"log": facts.log, "unit_moves": facts.unit_moves, "promises": facts.promises, "attempts": closed}
    seen = 0
    for table, rows in tables.items():
        for row in rows:
            before = known.setdefault((table, row.id), row)
            seen += 1
            if before != row and not settled_later(table, before, row):
                yield f"{table} {row.id} was {dict(before)}, and is {dict(row)}"
            known[table, row.id] = row
    if seen < len(known):
        yield "a row is gone"


def settled_later(table: str, before: Row, row: Row) -> bool:
    """A visit's attempt learns what it moved when the visit is settled."""
    same = {**before, "moved": row.moved} == dict(row) if table == "attempts" else False
    return same and row.kind == "session" and before.moved == 0


@always("L3")
def l3_replay(facts: Facts, _world: World) -> Iterator[str]:
    """Replaying ledger and log rebuilds units and grants."""
    units: dict[int, int] = defaultdict(int)
    for each in facts.unit_moves:
        units[each.order_id] += each.change
    for order in facts.orders.values():
        ended = order.state in {"expired", "cancelled", "refunded"} or order.id in facts.lost
        if bool(order.unit) != (units[order.id] == 1) or bool(order.unit) == ended:
            yield f"{order.number} is {order.state}, has a unit: {bool(order.unit)}, its ledger says {units[order.id]}"


@always("L4")
def l4_done_with_its_effect(facts: Facts, _world: World) -> Iterator[str]:
    """An inbound event is marked done only with its effect: its visit is closed."""
    closed = {each.session_id: each.closed_at for each in facts.checkouts}
    for event in facts.stripe_events:
        if event.type in HEARD and event.done_at and not event.note and not closed.get(event.object_id):
            yield f"{event.id} ({event.type}) is done, and the visit it speaks of is open"


@always("T1")
def t1_nothing_fires_early(facts: Facts, world: World) -> Iterator[str]:
    """A launch fires once, not before its instant."""
    fired: dict[int, str] = world.memory.setdefault("fired", {})
    for launch in facts.launches:
        if not launch.launched_at:
            continue
        if launch.at and launch.launched_at < launch.at:
            yield f"launch {launch.id} was due at {launch.at}, and came at {launch.launched_at}"
        if fired.setdefault(launch.id, launch.launched_at) != launch.launched_at:
            yield f"launch {launch.id} came twice"


@always("T4")
def t4_a_move_is_a_generation(facts: Facts, world: World) -> Iterator[str]:
    """Rescheduling makes a new generation, in one step."""
    known: dict[int, tuple[int, str | None]] = world.memory.setdefault("generations", {})
    for launch in facts.launches:
        generation, at = known.get(launch.id, (launch.generation, launch.at))
        if generation > launch.generation or (generation == launch.generation and at != launch.at):
            yield f"launch {launch.id} went from {generation}, {at} to {launch.generation}, {launch.at}"
        known[launch.id] = (launch.generation, launch.at)


@always("T5")
def t5_instant_wall_and_zone_agree(facts: Facts, _world: World) -> Iterator[str]:
    """Instant, wall time and zone are kept, and say the same."""
    for launch in facts.launches:
        if launch.at and launch.wall:
            wall = read(launch.at).astimezone(ZoneInfo(launch.zone)).replace(tzinfo=None)
            if abs((wall - datetime.fromisoformat(launch.wall)).total_seconds()) >= 60:
                yield f"launch {launch.id} is at {launch.at}, and {launch.wall} in {launch.zone}"


@always("Jobs")
def jobs_fail_only_for_a_reason(facts: Facts, world: World) -> Iterator[str]:
    """A job fails for what the world did to it, and for nothing else."""
    del world
    for run in facts.job_runs:
        parts = run.trouble.split("; ") if run.trouble else []
        for part in parts[:-1] if len(parts) > 1 and len(run.trouble) == ROOM else parts:
            if not any(each in part for each in EXPECTED) or "IntegrityError" in part:
                yield f"job {run.job}: {part}"
