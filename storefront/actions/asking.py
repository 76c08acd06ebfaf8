"""Questions about an order: asked on its page or by mail, answered in the studio or by mail, in one thread.

Each message is one row, and one letter to the other side is owed with it. A question stays open until it is answered,
or closed by the creator; a new one opens it again.
"""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.actions.owing import owe
from storefront.models import threads
from storefront.models.db import changed
from storefront.models.mail_events import MailEvent
from storefront.models.orders import Order
from storefront.models.threads import BUYER, STRANGER, Message, Thread
from storefront.rules import asking as rule
from storefront.rules import incoming_mail
from storefront.rules.access import fingerprint
from storefront.rules.links import Links

CUT = "\n\n(The rest of this mail was too long, and is not kept.)"


@dataclass(frozen=True)
class Words:
    """What somebody wrote. `name` makes it the same message if it comes again; `dropped`: files that came with it."""

    text: str
    how: str
    name: str
    sender: str = ""
    dropped: tuple[str, ...] = ()


def ask(session: Session, order: Order, said: Words, now: datetime) -> str:
    """A question of the buyer. Returns why it was not taken, in a sentence, or ""; the same one twice is one."""
    thread = _lock(session, order, now)
    if _known(session, said.name):
        return ""
    why = rule.refuse(said.text, _lately(session, thread, now))
    if why:
        return why
    _ask(session, order, thread, BUYER, said, now)
    return ""


def _lock(session: Session, order: Order, now: datetime) -> Thread:
    """The order's thread, begun with its first message. The order is locked, so there is one."""
    session.refresh(order, with_for_update={"of": Order})
    found = threads.of_order(session, order.id)
    if found is None:
        found = Thread(order_id=order.id, begun_at=now)
        session.add(found)
        session.flush()
    session.refresh(found, with_for_update={"of": Thread})
    return found


def _known(session: Session, name: str) -> bool:
    return session.scalar(select(Message.id).where(Message.name == name)) is not None


def _lately(session: Session, thread: Thread, now: datetime) -> int:
    """Messages of this hour that no creator wrote."""
    theirs = (Message.thread_id == thread.id, Message.who.in_([BUYER, STRANGER]), Message.at > now - rule.HOUR)
    return session.scalar(select(func.count(Message.id)).where(*theirs)) or 0


def _ask(session: Session, order: Order, thread: Thread, who: str, said: Words, now: datetime) -> None:
    made = _add(session, thread, who, said, now)
    if made is None:
        return
    first = update(Thread).where(Thread.id == thread.id, Thread.open_since.is_(None))
    changed(session, first.values(open_since=now))
    owe(session, order, "asked", now, version=made.id, to=order.product.creator.email)


def _add(session: Session, thread: Thread, who: str, said: Words, now: datetime) -> Message | None:
    """Add a message. None: the same one has come before."""
    made = Message(
        thread_id=thread.id,
        at=now,
        who=who,
        how=said.how,
        text=said.text,
        name=said.name,
        sender=said.sender,
        dropped=list(said.dropped),
    )
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:  # the same mail twice, at the same moment
        return None
    return made


def answer(session: Session, order: Order, said: Words, who: str, now: datetime) -> str:
    """An answer to the buyer, which ends the open question. Returns why it was not taken, or ""."""
    thread = _lock(session, order, now)
    if _known(session, said.name):
        return ""
    why = rule.refuse(said.text)
    if why:
        return "Write your answer." if not said.text else why
    made = _add(session, thread, who, said, now)
    if made is not None:
        _end(session, thread)
        owe(session, order, "answered", now, version=made.id)
    return ""


def close(session: Session, order: Order, who: str, name: str, now: datetime) -> bool:
    """The question needs no answer: nobody is written to. False: none was open."""
    thread = _lock(session, order, now)
    if thread.open_since is None:
        return False
    _add(session, thread, who, Words("", "studio", name), now)
    return _end(session, thread)


def _end(session: Session, thread: Thread) -> bool:
    still = update(Thread).where(Thread.id == thread.id, Thread.open_since.is_not(None))
    return changed(session, still.values(open_since=None))


def hear_received(session: Session, links: Links, event: MailEvent, now: datetime) -> str:
    """A mail that somebody sent to a thread's address. Its text is kept in the thread and nowhere else."""
    content, event.payload = event.payload, {"id": event.id, "type": event.type}
    to, raw = content.get("to"), content.get("raw")
    reply = rule.read_address(links.keys, links.reply_host, to) if isinstance(to, str) and links.reply_host else None
    order = session.get(Order, reply.order_id) if reply else None
    if reply is None or order is None or (reply.side == "buyer" and reply.generation != order.link_generation):
        return "it was for no thread of ours"
    try:
        mail = incoming_mail.read(b64decode(raw if isinstance(raw, str) else "", validate=True))
    except (ValueError, incoming_mail.Unreadable):
        return "it could not be read"
    if mail.machine:
        return mail.machine
    name = f"mail:{order.id}:{mail.message_id or fingerprint(event.id)}"
    return _take(session, order, reply.side, _said(mail, name), now)


def _said(mail: incoming_mail.Incoming, name: str) -> Words:
    text = rule.tidy(mail.text)
    text = text[: rule.LONGEST] + CUT if len(text) > rule.LONGEST else text
    return Words(text or "(A mail without text.)", "mail", name, mail.sender[:254], mail.files)


def _take(session: Session, order: Order, side: str, said: Words, now: datetime) -> str:
    """Whoever writes from another address than the one it went to is shown to the creator, and not believed."""
    creator = order.product.creator
    if side == "creator" and said.sender == creator.email.lower():
        if said.dropped:
            said = Words(_naming(said), said.how, said.name, said.sender, said.dropped)
        return answer(session, order, said, f"creator:{creator.id}", now) or "answered"
    thread = _lock(session, order, now)
    if _known(session, said.name):
        return "it came before"
    if _lately(session, thread, now) >= rule.MOST_AN_HOUR:
        return "too many in one hour"
    mine = side == "buyer" and said.sender == order.email.lower()
    _ask(session, order, thread, BUYER if mine else STRANGER, said, now)
    return "asked" if mine else "from another address"


def _naming(said: Words) -> str:
    """An answer that came with files: the buyer learns that they did not come along."""
    return f"{said.text}\n\n(Not passed on: {_files(said.dropped)}.)"


def _files(names: Sequence[str]) -> str:
    return ", ".join(names)
