"""Whatever happens in whatever order, no more is given or taken back than was captured, and the rows say so."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.inside import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.inside import Inside

CARDS = ("pm_card_visa", "pm_card_createDispute", "pm_card_createDisputeInquiry")
TAKEN = ("needs_response", "under_review", "lost")
WORDS = ("winning_evidence", "losing_evidence", "escalate_inquiry_evidence", "anything")


def listed(inside: Inside, path: str) -> list[Any]:
    """Give the newest hundred of a kind."""
    found: list[Any] = inside.get(f"/v1/{path}?limit=100")["data"]
    return found


class Story:
    """A random walk through all that can happen to money."""

    def __init__(self, inside: Inside, seed: int) -> None:
        """Keep the sandbox and the source of chance."""
        self.inside = inside
        self.chance = Random(seed)

    def any_of(self, path: str) -> Any:
        """Give one of a kind, or something that is not there."""
        return self.chance.choice(listed(self.inside, path) or [{"id": "none", "status": "none"}])

    def ask(self, path: str, **body: Any) -> None:
        """Use the control API, which may refuse."""
        names = {"disputes": "payment_intent", "disputes/resolve": "dispute", "refunds/resolve": "refund"}
        kinds = {"payment_intent": "payment_intents", "dispute": "disputes", "refund": "refunds"}
        name = names[path]
        facts = {name: self.any_of(kinds[name])["id"], **body}
        reply = self.inside.sandbox.call("POST", f"/_sandbox/{path}", {}, json.dumps(facts).encode())
        assert reply.status in (200, 400)

    def call(self, kind: str, verb: str = "", **data: str) -> None:
        """Use the API, which may refuse, but never breaks."""
        reply = self.inside.call("POST", f"/v1/{kind}/{self.any_of(kind)['id']}{verb}", data)
        assert reply.status < 500, reply.body

    def step(self) -> None:
        """Do one thing."""
        choose, amount = self.chance.choice, self.chance.choice([200, 400])
        refund = {"payment_intent": self.any_of("payment_intents")["id"], "amount": str(amount)}
        choices: list[Callable[[], object]] = [
            lambda: self.call("payment_intents", "/capture", amount_to_capture=str(amount)),
            lambda: self.inside.call("POST", "/v1/refunds", refund),
            lambda: self.call("refunds", "/cancel"),
            lambda: self.ask("refunds/resolve", status=choose(["succeeded", "failed"])),
            lambda: self.inside.fault(choose(["refund_pending", "refund_requires_action", "refund_fails"])),
            lambda: self.ask("disputes", inquiry=choose([True, False]), amount=amount),
            lambda: self.call("disputes", **{"evidence[uncategorized_text]": choose(WORDS)}),
            lambda: self.call("disputes", "/close"),
            lambda: self.ask("disputes/resolve", status=choose(["won", "lost", "escalated"])),
            lambda: self.inside.pass_time(choose([0, 3600, DAY, 9 * DAY])),
        ]
        choose(choices)()


def adds_up(charge: Any, refunds: list[Any], disputes: list[Any]) -> None:
    """Check one charge."""
    given = sum(refund["amount"] for refund in refunds if refund["status"] not in ("failed", "canceled"))
    taken = sum(dispute["amount"] for dispute in disputes if dispute["status"] in TAKEN)
    if charge["captured"]:
        assert charge["amount_refunded"] == given
    assert given + taken <= charge["amount_captured"]
    for dispute in disputes:
        moved = sum(row["amount"] for row in dispute["balance_transactions"])
        assert moved == (-dispute["amount"] if dispute["status"] in TAKEN else 0)


def all_adds_up(inside: Inside) -> None:
    """Check every charge."""
    refunds, disputes = listed(inside, "refunds"), listed(inside, "disputes")
    for charge in listed(inside, "charges"):
        ours = [[found for found in kind if found["charge"] == charge["id"]] for kind in (refunds, disputes)]
        adds_up(charge, *ours)


@pytest.mark.parametrize("seed", range(12))
def test_money_adds_up(make: Callable[..., Inside], seed: int) -> None:
    inside = make(seed)
    story = Story(inside, seed)
    for alias in CARDS:
        inside.paid(alias, capture_method=story.chance.choice(["manual", "automatic"]))
    for _ in range(100):
        story.step()
        all_adds_up(inside)
