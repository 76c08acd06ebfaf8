"""Papers: a receipt of each payment, a credit note of each refund, numbers without gaps."""

from collections import defaultdict
from collections.abc import Iterator

from tests.simulation.facts import Facts
from tests.simulation.registry import always, quiet
from tests.simulation.world import World


@always("Papers")
def numbers_have_no_gaps(facts: Facts, _world: World) -> Iterator[str]:
    """The documents of a series are numbered 1, 2, 3 …: none is left out, none is there twice."""
    series: dict[str, list[int]] = defaultdict(list)
    for each in facts.tax_points:
        if each.number:
            name, _, count = each.number.rpartition("-")
            series[name].append(int(count))
    for name, counts in series.items():
        if sorted(counts) != list(range(1, len(counts) + 1)):
            yield f"{name} has the numbers {sorted(counts)}"


@quiet("Papers at rest")
def papers_are_the_ledgers(facts: Facts, _world: World) -> Iterator[str]:
    """Receipts less credit notes are captured less refunded; one receipt for each payment, one credit for each refund.

    A refund that did not arrive has a credit note and a receipt that takes it back, or neither.
    """
    for order in facts.orders.values():
        mine = [each for each in facts.tax_points if each.order_id == order.id and each.number]
        receipts = [each for each in mine if each.kind == "payment" and not each.about_id]
        taken_back = {each.about_id for each in mine if each.kind == "payment" and each.about_id}
        notes = [each for each in mine if each.kind == "refund" and each.id not in taken_back]
        paid = [each for each in facts.attempts if each.order_id == order.id and each.moved]
        back = [
            each for each in facts.refunds if each.order_id == order.id and each.status not in {"failed", "canceled"}
        ]
        if (len(receipts), len(notes)) != (len(paid), len(back)):
            yield f"{order.number} has {len(receipts)} receipts of {len(paid)} payments, {len(notes)} credits of {len(back)}"
        net = sum(each.amount if each.kind == "payment" else -each.amount for each in mine)
        if net != facts.net(order):
            yield f"{order.number}: its papers say {net}, the ledger {facts.net(order)}"
