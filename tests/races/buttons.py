"""Everything that touches one order, as something that can be pressed: buttons of both sides, and the worker's hands."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.actions import (
    cancelling,
    charging,
    compensating,
    delaying,
    giving_up,
    granting,
    hearing,
    hearing_mail,
    listing,
    mailing,
    preflighting,
    reconciling,
    recovering,
    restocking,
    retrying,
    settling,
    texting,
)
from storefront.models import phones
from storefront.models.letters import Letter
from storefront.outside.stripe_gateway import API_VERSION
from storefront.rules import mail_news, phone
from tests.support.world import BERLIN, MAIL_SECRET, SECRET, World


@dataclass(frozen=True)
class Case:
    """One order in one state, and the addresses that lead to it."""

    world: World
    order_id: int
    slug: str
    number: str
    token: str
    access: str = ""
    session_id: str = ""
    left: int = 0
    task: int = 0
    dispute: int = 0


@dataclass(frozen=True)
class Hand:
    """Who presses: a buyer's browser and a creator's."""

    buyer: FlaskClient
    creator: FlaskClient


Press = Callable[[Case, Hand], Any]


@dataclass(frozen=True)
class Button:
    """`endpoint`: the route it posts to, "" for what no browser posts."""

    press: Press
    endpoint: str = ""


def _buyer(endpoint: str, path: str, **form: str) -> Button:
    return Button(lambda case, hand: hand.buyer.post(path.format(case=case), data=form), endpoint)


def _creator(endpoint: str, path: str, **form: str) -> Button:
    def press(case: Case, hand: Hand) -> Any:
        filled = {name: value.format(case=case) for name, value in form.items()}
        return hand.creator.post("/studio" + path.format(case=case), data=filled)

    return Button(press, endpoint)


def _worker(verb: Callable[..., Any]) -> Button:
    return Button(lambda case, _hand: verb(case.world.outside, case.world.db, case.world.now))


def _posts(case: Case, _hand: Hand) -> None:
    with case.world.app.app_context():
        mailing.post_due(case.world.outside, case.world.db, case.world.now)


def _moves(case: Case, hand: Hand) -> Any:
    day = case.world.order(case.order_id).product.launch.at
    assert day is not None
    there = day + timedelta(days=8)
    form = {"day": f"{there:%Y-%m-%d}", "time": f"{there:%H:%M}", "zone": BERLIN, "reason": "Not ready.", "step": "do"}
    return hand.creator.post(f"/studio/products/{case.slug}/launch", data=form)


def _gives_up(case: Case, hand: Hand) -> Any:
    form = {"title": case.world.order(case.order_id).product.title, "reason": "It will not be made."}
    return hand.creator.post(f"/studio/products/{case.slug}/cancel", data=form)


def _postpones(case: Case, hand: Hand) -> Any:
    day = case.world.now + timedelta(days=200)
    form = {"day": f"{day:%Y-%m-%d}", "reason": "Printing takes longer.", "step": "do"}
    return hand.creator.post(f"/studio/products/{case.slug}/stock/day", data=form)


def _delays(case: Case, _hand: Hand) -> None:
    delaying.apply_due(case.world.db, case.world.now)


def _tells(case: Case, hand: Hand) -> Any:
    """Stripe's event arrives, and is heard."""
    body = json.dumps(
        {
            "id": f"evt_{case.order_id}",
            "object": "event",
            "type": "checkout.session.completed",
            "livemode": False,
            "api_version": API_VERSION,
            "data": {"object": {"id": case.session_id}},
        }
    ).encode()
    second = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{second}.".encode() + body, hashlib.sha256).hexdigest()
    answer = hand.buyer.post("/webhooks/stripe", data=body, headers={"Stripe-Signature": f"t={second},v1={digest}"})
    hearing.hear_due(case.world.outside, case.world.db, case.world.now)
    return answer


def _comes_back(case: Case, hand: Hand) -> Any:
    """The mail server reports that the confirmation did not arrive, and it is heard."""
    with case.world.read() as session:
        mine = (Letter.order_id == case.order_id, Letter.kind == "confirmed")
        named = session.scalars(select(Letter.id).where(*mine)).one()
    facts = {"id": f"prov-{case.order_id}", "type": "bounced", "message_id": f"letter-{named}.1@127.0.0.1"}
    body = json.dumps(facts).encode()
    header = mail_news.sign(MAIL_SECRET, body, int(time.time()))
    answer = hand.buyer.post("/webhooks/mail", data=body, headers={"Mail-Signature": header})
    hearing_mail.hear_due(case.world.outside, case.world.db, case.world.now)
    return answer


def _proves(case: Case, hand: Hand) -> Any:
    with case.world.read() as session:
        found = phones.of_order(session, case.order_id)
        code = phone.code(case.world.outside.links.keys[0], found.id, found.codes) if found else "000000"
    return hand.buyer.post(f"/orders/{case.token}/reach/code", data={"code": code})


def _texts(case: Case, _hand: Hand) -> None:
    with case.world.app.app_context():
        texting.text_due(case.world.outside, case.world.db, case.world.now)


def _reconciles(case: Case, _hand: Hand) -> None:
    reconciling.reconcile(case.world.outside, case.world.db, case.world.now, case.world.now - timedelta(days=3))


BUTTONS: dict[str, Button] = {
    "goes to Stripe": _buyer("orders.visit", "/orders/{case.token}/visit"),
    "comes back": Button(lambda case, hand: hand.buyer.get(f"/orders/{case.token}/return")),
    "cancels": _buyer("orders.cancel", "/orders/{case.token}/cancel"),
    "corrects the address": _buyer("orders.address", "/orders/{case.token}/address", email="miriam.adler@posteo.de"),
    "asks for a link": _buyer("orders.fresh_link_of_order", "/orders/{case.token}/fresh-link"),
    "opens the link": _buyer("orders.redeem", "/access/{case.access}"),
    "asks": _buyer("orders.ask", "/orders/{case.token}/ask", text="When does it come?", nonce=""),
    "asks from a used link": _buyer("orders.fresh_link", "/access/{case.access}/fresh-link"),
    "reads": Button(lambda case, hand: hand.buyer.get(f"/library/{case.slug}/lessons/pages")),
    "agrees to begin": _buyer("library.agree", "/library/{case.slug}/begin", waiver="an older text"),
    "waits for the new day": _buyer("delay.answer", "/orders/{case.token}/delay", answer="wait", version="2"),
    "takes what is offered": _buyer("delay.answer", "/orders/{case.token}/delay", answer="gift", version="2"),
    "says no to the new day": _buyer("delay.answer", "/orders/{case.token}/delay", answer="cancel", version="2"),
    "finishes a lesson": _buyer("library.finish", "/library/{case.slug}/lessons/pages/finish"),
    "creator cancels": _creator("studio.cancel", "/orders/{case.number}/cancel", reason="It will not be made."),
    "refunds a part": _creator(
        "studio.refund", "/orders/{case.number}/refund", amount="5.00", why="Late.", left="{case.left}", step="do"
    ),
    "refunds again": _creator("studio.refund_again", "/orders/{case.number}/refund-again"),
    "paid by hand": _creator("studio.paid_by_hand", "/orders/{case.number}/paid-by-hand", done="Bank transfer 4711."),
    "part paid by hand": _creator(
        "studio.part_paid_by_hand",
        "/orders/{case.number}/part-paid-by-hand",
        part_amount="5.00",
        part_done="Bank transfer 4711.",
    ),
    "answers": _creator("studio.answer", "/orders/{case.number}/answer", answer="On Friday."),
    "needs no answer": _creator("studio.no_answer", "/orders/{case.number}/no-answer"),
    "closes the task": _creator("studio.close_task", "/tasks/{case.task}/close"),
    "answers the bank": _creator(
        "studio.dispute", "/disputes/{case.dispute}", uncategorized_text="It was delivered.", step="do"
    ),
    "moves the launch": Button(_moves, "studio.move"),
    "rehearses": _creator("studio.rehearse", "/products/{case.slug}/rehearsal"),
    "gives the product up": Button(_gives_up, "studio.cancel_product"),
    "gives it up again": _creator("studio.cancel_again", "/products/{case.slug}/cancel/again"),
    "launches now": _creator("studio.launch", "/products/{case.slug}/launch-now"),
    "adds a unit": _creator("studio.change_stock", "/products/{case.slug}/stock", what="add", units="1", step="do"),
    "takes a unit out": _creator(
        "studio.change_stock", "/products/{case.slug}/stock", what="lower", units="1", step="do"
    ),
    "moves the queue's date": Button(_postpones, "studio.postpone"),
    "Stripe tells": Button(_tells, "stripe_webhook.stripe_webhook"),
    "gives a number": _buyer("reach.give", "/orders/{case.token}/reach/phone", phone="+4915123456789", texts="yes"),
    "gives another number": _buyer("reach.give", "/orders/{case.token}/reach/phone", phone="+4915123456788", texts="1"),
    "proves the number": Button(_proves, "reach.prove"),
    "ends the texts": _buyer("reach.end", "/orders/{case.token}/reach/end"),
    "says it is right": _buyer("reach.again", "/orders/{case.token}/reach/email"),
    "reads the letters": _buyer("inbox.read_of_order", "/orders/{case.token}/letters/read", letter="all"),
    "creator writes again": _creator("studio.write_again", "/orders/{case.number}/write-again"),
    "a letter comes back": Button(_comes_back, "mail_webhook.mail_webhook"),
    "texts": Button(_texts),
    "expiry": _worker(settling.settle_ended),
    "preflight": _worker(preflighting.preflight_due),
    "replan": _worker(preflighting.replan_due),
    "restock": Button(lambda case, _hand: restocking.allocate_due(case.world.db, case.world.now)),
    "offer": Button(lambda case, _hand: listing.offer_due(case.world.db, case.world.now)),
    "grant": _worker(granting.grant_due),
    "charge": _worker(charging.charge_due),
    "retry": _worker(retrying.retry_due),
    "remind": _worker(retrying.remind_due),
    "delay": Button(_delays),
    "compensate": _worker(compensating.give_due),
    "give up": _worker(giving_up.give_up_due),
    "end of grace": _worker(cancelling.cancel_due),
    "tidy": _worker(cancelling.tidy_due),
    "recover": _worker(recovering.take_over),
    "letters": Button(_posts),
    "reconcile": Button(_reconciles),
}

# What posts without touching an order that is there already.
NOT_AN_ORDER = {
    "account.sign_in_with_password",
    "account.signout",
    "inbox.read",
    "studio.write_letter",
    "studio.preview_letter",
    "news.ask",
    "news.confirm",
    "news_end.end",
    "policy.mail_the_way",
    "waiting.join",
    "waiting_end.leave",
}
# What makes orders: tests/races/test_last_unit.py.
MAKES_ORDERS = {"checkout.order"}
