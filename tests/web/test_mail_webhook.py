"""The mail server's reports: who may send them, once each, and what becomes of the rest."""

import json
import time
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from storefront.actions import hearing_mail
from storefront.actions.patience import SomeFailed
from storefront.models.mail_events import MailEvent
from storefront.rules import mail_news
from tests.support.visitor import Visitor
from tests.support.world import MAIL_SECRET, Houses, Sandbox, World

ADDRESS = "/webhooks/mail"


def report(kind: str = "delivered", number: int = 1, **facts: Any) -> bytes:
    return json.dumps({"id": f"prov-{number}", "type": kind} | facts).encode()


def deliver(
    visitor: Visitor, body: bytes, signed: str | None = None, *, age: float = 0, secret: str = MAIL_SECRET
) -> TestResponse:
    header = mail_news.sign(secret, body, int(time.time() - age)) if signed is None else signed
    return visitor.post(ADDRESS, data=body, headers={"Mail-Signature": header}, content_type="application/json")


def kept(world: World) -> list[MailEvent]:
    with world.read() as session:
        return list(session.scalars(select(MailEvent)))


def test_a_signed_report_is_stored_and_one_that_nobody_acts_on_is_done(small_world: World, visitor: Visitor) -> None:
    assert deliver(visitor, report()).status_code == 200
    assert [(each.id, each.note) for each in kept(small_world)] == [("prov-1", "nothing follows from it")]


def test_a_report_that_comes_again_is_stored_once_and_answered_the_same(small_world: World, visitor: Visitor) -> None:
    for body in (report(), report(), report(more="with other words")):
        assert deliver(visitor, body).status_code == 200
    assert len(kept(small_world)) == 1


@pytest.mark.parametrize("age", [303, 86_400, -303, -86_400])
def test_a_report_signed_over_300_seconds_ago_or_ahead_is_refused(
    small_world: World, visitor: Visitor, age: float
) -> None:
    answer = deliver(visitor, report(), age=age)
    assert answer.status_code == 400
    assert "300 seconds" in answer.get_json()["error"]
    assert kept(small_world) == []


@pytest.mark.parametrize("age", [240, -295])
def test_a_report_signed_a_little_ago_or_ahead_is_taken(small_world: World, visitor: Visitor, age: float) -> None:
    small_world.advance(days=40)
    assert deliver(visitor, report(), age=age).status_code == 200, "judged at wall time"


def test_a_forged_report_is_refused_whatever_is_wrong_with_its_signature(small_world: World, visitor: Visitor) -> None:
    body, second = report(), int(time.time())
    good = mail_news.sign(MAIL_SECRET, body, second)
    wrong = ["", "t=,v1=", f"t={second}", good.replace("t=", "t=0"), f"t={second + 1},{good.partition(',')[2]}"]
    for signed in (*wrong, good[:-1], good + "0", good.upper(), mail_news.sign("x" * 32, body, second)):
        assert deliver(visitor, body, signed).status_code == 400
    for at in range(0, len(body), 5):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert deliver(visitor, changed, good).status_code == 400
    assert kept(small_world) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"id": 1, "type": "bounced"}',
        b'{"id": "", "type": "bounced"}',
        b'{"id": "a\\u0000", "type": "bounced"}',
        b'{"id": "%s", "type": "bounced"}' % (b"x" * 121),
        b"[" * 100_000,
    ],
)
def test_a_signed_body_that_is_no_event_is_refused_in_words(small_world: World, visitor: Visitor, body: bytes) -> None:
    answer = deliver(visitor, body)
    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith("not taken: ")
    assert kept(small_world) == []


def test_a_report_may_be_long(small_world: World, visitor: Visitor) -> None:
    assert deliver(visitor, report(text="x" * 1_000_000)).status_code == 200
    assert len(kept(small_world)) == 1


def test_an_endless_report_is_refused(small_world: World, visitor: Visitor) -> None:
    assert deliver(visitor, b"x" * ((8 << 20) + 1)).status_code == 413
    assert kept(small_world) == []


def test_only_posts_are_taken(visitor: Visitor) -> None:
    assert visitor.get(ADDRESS).status_code == 405
    assert visitor.put(ADDRESS).status_code == 405


def test_a_shop_without_the_secret_says_so_and_takes_nothing(
    houses: Houses, sandbox: Sandbox, new_sqlite: Any, tmp_path: Any
) -> None:
    world = houses.world(sandbox, new_sqlite, tmp_path, MAIL_WEBHOOK_SECRET="")
    answer = deliver(Visitor.of(world.app), report(), secret="")
    assert answer.status_code == 503
    assert answer.get_json() == {"error": "This shop hears no mail server: MAIL_WEBHOOK_SECRET is not set."}
    assert kept(world) == []
    world.db.engine.dispose()


def test_an_effect_that_fails_leaves_nothing_and_the_report_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(session: Any, _links: Any, event: MailEvent, _now: Any) -> str:
        session.add(MailEvent(id="half", type="x", payload={}, received_at=event.received_at, due_at=event.due_at))
        session.flush()
        raise RuntimeError("the disk is full")

    monkeypatch.setitem(hearing_mail.HEARD, "tried", fails)
    with world.db.write() as session:
        for number in (1, 2):
            hearing_mail.store(session, mail_news.News(f"prov-{number}", "tried", {"n": number}), world.now)
    with pytest.raises(SomeFailed, match="2 of 2 failed"):
        hearing_mail.hear_due(world.outside, world.db, world.now)
    assert [(each.id, each.done_at, each.tries) for each in kept(world)] == [("prov-1", None, 1), ("prov-2", None, 1)]
    monkeypatch.setitem(hearing_mail.HEARD, "tried", lambda *_: "now it went")
    assert hearing_mail.hear_due(world.outside, world.db, world.now) == 0, "it waits"
    world.advance(seconds=3)
    assert hearing_mail.hear_due(world.outside, world.db, world.now) == 2
    assert {each.note for each in kept(world)} == {"now it went"}


def test_a_report_that_cannot_be_acted_on_for_a_day_is_named_by_the_check(world: World) -> None:
    with world.db.write() as session:
        session.add(
            MailEvent(id="prov-9", type="bounced", payload={}, received_at=world.now, due_at=world.now, tries=4)
        )
    assert world.broken() == []
    world.advance(hours=25)
    assert [each for each in world.broken() if "prov-9 (bounced)" in each]
