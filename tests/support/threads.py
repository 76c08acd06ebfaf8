"""Questions about orders, in tests: asked, answered, and sent by mail."""

from base64 import b64encode
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

from sqlalchemy import select

from storefront.actions import asking, hearing_mail
from storefront.models import threads
from storefront.models.mail_events import MailEvent
from storefront.models.orders import Order
from storefront.models.threads import Thread
from storefront.rules.asking import tidy
from storefront.rules.mail_news import News
from tests.support.world import World

HOST = "reply.forthcoming.example"
MIRIAM, INES = "miriam@posteo.de", "ines@forthcoming.example"


def takes_mail(world: World) -> None:
    """This shop takes answers by mail."""
    world.outside = replace(world.outside, links=replace(world.outside.links, reply_host=HOST))


def asks(world: World, order_id: int, text: str = "Is there a German edition?", nonce: str = "first") -> str:
    """The buyer asks on the order's page; why it was not taken, or ""."""
    with world.db.write() as session:
        said = asking.Words(tidy(text), "page", f"page:{order_id}:{nonce}")
        return asking.ask(session, session.get_one(Order, order_id), said, world.now)


def answers(world: World, order_id: int, text: str = "Yes, in June.", nonce: str = "first") -> str:
    """The creator answers in the studio."""
    with world.db.write() as session:
        said = asking.Words(tidy(text), "studio", f"studio:{order_id}:{nonce}")
        return asking.answer(session, session.get_one(Order, order_id), said, "creator:1", world.now)


def closes(world: World, order_id: int) -> bool:
    """The creator says that it needs no answer."""
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        return asking.close(session, order, "creator:1", f"closed:{order_id}:{world.now}", world.now)


def thread(world: World, order_id: int) -> Thread | None:
    """The order's thread, with its messages."""
    with world.read() as session:
        found = threads.of_order(session, order_id)
        return found if found is None or found.messages is not None else None


def said(world: World, order_id: int) -> list[tuple[str, str]]:
    """Who said what."""
    found = thread(world, order_id)
    return [(each.who, each.text) for each in found.messages] if found else []


def reply_to(world: World, order_id: int, side: str = "buyer") -> str:
    """The address of the thread for one of its sides."""
    return world.outside.links.reply_to(side, order_id, world.order(order_id).link_generation)


def mails(world: World, to: str, text: str = "Is it out?", sender: str = MIRIAM, **facts: Any) -> str:
    """Somebody writes a mail to an address of ours; what was done about it."""
    message = EmailMessage()
    message["From"], message["To"] = sender, to
    message["Message-ID"] = facts.pop("named", "<first@posteo.de>")
    for name, value in facts.pop("heads", {}).items():
        message[name] = value
    message.set_content(text)
    for name in facts.pop("files", []):
        message.add_attachment(b"x", maintype="application", subtype="octet-stream", filename=name)
    return brings(world, to=to, raw=b64encode(message.as_bytes()).decode(), **facts)


def brings(world: World, **payload: Any) -> str:
    """A report of a received mail is stored and heard; its note."""
    with world.db.write() as session:
        event_id = payload.pop("event", f"mail-{len(session.scalars(select(MailEvent.id)).all())}")
        news = News(event_id, "received", {"id": event_id, "type": "received", **payload})
        hearing_mail.store(session, news, world.now)
    hearing_mail.hear_due(world.outside, world.db, world.now)
    with world.read() as session:
        note: str = session.get_one(MailEvent, event_id).note
        return note
