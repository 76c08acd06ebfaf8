"""A dispute's page: what speaks for the sale, what goes out, and that it goes out once."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.actions import opening, policing
from storefront.models.grants import Grant
from storefront.models.money import Dispute
from storefront.outside.stripe_answers import Dispute as Told
from storefront.outside.stripe_answers import Done, Outcome, Refused, Unknown
from storefront.outside.stripe_gateway import StripeGateway
from storefront.rules.evidence import FIELDS, LONGEST
from storefront.rules.words import NBSP
from tests.support.letters import MIRIAM, buys, disputes
from tests.support.world import KEY, SECRET, World
from tests.web.studio.visitor import OWNER, TOM, Visitor


class Bank(StripeGateway):
    """Stripe, but for the answer to a dispute: keeps what it is told, and says what the test wants."""

    def __init__(self, base: str) -> None:
        super().__init__(KEY, base, SECRET, 0, retries=0)
        self.told: list[dict[str, Any]] = []
        self.says: Outcome | None = None

    def perform(self, kind: str, target: str, body: dict[str, Any], key: str) -> Outcome:
        if kind != "evidence":
            return super().perform(kind, target, body, key)
        self.told.append(body)
        return self.says or Done(self._row(target))

    def _row(self, target: str) -> Told:
        given: dict[str, Any] = {"key": "", "intent": "", "amount": 2900, "currency": "EUR", "due_by": None}
        given |= {"reason": "product_not_received", "status": "under_review", "submitted": True}
        return Told(id=target, opened_at=datetime.now(UTC), **given)

    def dispute(self, dispute_id: str) -> Told:
        return self._row(dispute_id)


@pytest.fixture
def bank(app: Flask, world: World) -> Bank:
    """The application's Stripe listens to answers."""
    here = app.extensions["shop"]
    made = Bank(world.sandbox.url)
    app.extensions["shop"] = replace(here, outside=replace(here.outside, stripe=made))
    return made


@pytest.fixture
def dispute(world: World) -> str:
    """Miriam bought, read a lesson, and her bank asks the money back; the page's address."""
    order_id = buys(world)
    with world.db.write() as session:
        grant = session.scalars(select(Grant).where(Grant.order_id == order_id)).one()
        assert opening.waive(session, grant, policing.waiver(world.now).version, world.now)
        assert opening.note_opened(session, grant, "lesson read: What a page is", world.now)
    return f"/studio/disputes/{disputes(world, order_id)}"


def said(visitor: Visitor) -> str:
    return visitor.page.text.replace(NBSP, " ")


def text(visitor: Visitor, url: str) -> str:
    return visitor.client.get(url).text


def fields(**typed: str) -> dict[str, Any]:
    return {each.name: "" for each in FIELDS} | {"uncategorized_text": "It was delivered."} | typed


def kept(world: World) -> Dispute:
    with world.read() as session:
        found: Dispute = session.scalars(select(Dispute)).one()
        return found


def test_everything_that_speaks_for_the_sale_stands_on_one_page(world: World, ines: Visitor, dispute: str) -> None:
    ines.get(dispute)
    page = said(ines)
    assert "The buyer’s bank asks for 29.00 € back: the buyer says it was not delivered. Answer by" in page
    assert "Version 1" in page
    assert "lesson read: What a page is" in page
    assert "<letter-" in page, "the notices with their Message-IDs"
    assert "Access since" in page
    assert "The buyer agreed to begin on" in page
    assert "Delivery begins at once, as I ask." in page
    assert "The policy they were told" in page
    assert 'role="timer"' in text(ines, dispute)
    order = world.order(1)
    assert f"Dispute of {order.number}" in text(ines, dispute)
    assert ines.page.fields["customer_email_address"]["value"] == MIRIAM


def test_what_goes_out_is_read_first_and_sent_once_by_name(
    world: World, ines: Visitor, dispute: str, bank: Bank
) -> None:
    ines.get(dispute)
    ines.post(dispute, 200, **fields(step="look"))
    assert "The bank takes one answer" in said(ines)
    assert bank.told == []
    ines.post(dispute, 200, **fields(step="edit"))
    assert "See what goes out" in said(ines)
    ines.post(dispute, **fields(step="do"))
    assert "The bank has your answer." in said(ines)
    assert bank.told == [{"evidence": {"uncategorized_text": "It was delivered."}, "submit": True}]
    row = kept(world)
    assert row.submitted_by.startswith("creator:")
    assert "by Ines" in said(ines)
    assert "It was delivered." in said(ines)
    ines.post(dispute, 409, **fields(uncategorized_text="And another thing.", step="do"))
    assert "This dispute has been answered or decided." in said(ines)
    assert len(bank.told) == 1


def test_a_field_that_is_too_long_comes_back_whole(ines: Visitor, dispute: str, bank: Bank) -> None:
    ines.get(dispute)
    long = "Ä" * (LONGEST + 1)
    ines.post(dispute, 422, **fields(product_description=long, step="do"))
    assert "That is 20,001 characters; the bank takes 20,000." in said(ines)
    assert bank.told == []


def test_all_fields_together_may_be_as_long_as_stripe_takes(ines: Visitor, dispute: str, bank: Bank) -> None:
    ines.get(dispute)
    full = {each.name: "Ä" * LONGEST for each in FIELDS if each.long}
    ines.post(dispute, 200, **fields(**full, step="look"))
    assert "The bank takes one answer" in said(ines)
    assert bank.told == []


def test_nothing_is_not_sent(ines: Visitor, dispute: str, bank: Bank) -> None:
    ines.get(dispute)
    ines.post(dispute, 422, **fields(uncategorized_text="  ", step="do"))
    assert "There is nothing to send yet." in said(ines)
    assert bank.told == []


def test_what_stripe_refuses_is_told_and_what_was_typed_is_kept(ines: Visitor, dispute: str, bank: Bank) -> None:
    bank.says = Refused("needs_response", "The dispute is closed.")
    bank.dispute = lambda dispute_id: replace(bank._row(dispute_id), submitted=False)  # type: ignore[method-assign]
    ines.get(dispute)
    ines.post(dispute, 409, **fields(step="do"))
    assert "It was not sent" in said(ines)
    assert "It was delivered." in ines.client.get(dispute).text, "the draft stays"


def test_a_silent_stripe_may_have_it_and_is_not_told_twice(
    world: World, ines: Visitor, dispute: str, bank: Bank
) -> None:
    bank.says = Unknown("no answer")
    ines.get(dispute)
    ines.post(dispute, **fields(step="do"))
    assert "It is asked again by itself; do not send it twice." in said(ines)
    ines.post(dispute, 409, **fields(step="do"))
    assert "Something else is under way for this order." in said(ines)
    assert kept(world).submitted_at is None
    assert len(bank.told) == 1


@pytest.mark.parametrize(("status", "told"), [("won", "stay yours"), ("lost", "went back")])
def test_a_decision_closes_the_form(world: World, ines: Visitor, dispute: str, status: str, told: str) -> None:
    disputes(world, 1, status)
    ines.get(dispute)
    assert told in said(ines)
    assert "See what goes out" not in said(ines)
    ines.post(dispute, 409, **fields(step="do"))


def test_somebody_elses_dispute_is_not_there_and_the_owner_sees_it(app: Flask, ines: Visitor, dispute: str) -> None:
    tom, owner = Visitor(app), Visitor(app)
    tom.signs_in(TOM)
    tom.get(dispute, 404)
    token = tom.get("/studio").fields["csrf_token"]["value"]
    assert tom.client.post(dispute, data=fields(step="do", csrf_token=token)).status_code == 404
    owner.signs_in(OWNER)
    owner.get(dispute)
    ines.get("/studio/disputes/999", 404)
    assert ines.client.post(dispute, data=fields(step="do")).status_code == 400, "a form of ours carries its token"
