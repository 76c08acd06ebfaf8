"""Letters that come back: the channel is switched, the address rests, the creator learns of it and what to do.

A refusal of the mail server and its later report lead to the same verb. Everything is in the session's transaction.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront.actions import watching
from storefront.actions.owing import owe_text
from storefront.actions.tasking import ask_creator, close_tasks, raise_task
from storefront.actions.writing import TO_CREATOR
from storefront.models.db import changed
from storefront.models.letters import Letter
from storefront.models.mail_events import MailEvent
from storefront.models.orders import Order
from storefront.models.tickets import Ticket
from storefront.rules import bounce_words, channels
from storefront.rules.access import fingerprint
from storefront.rules.links import Links
from storefront.rules.mail_news import instant, letter_of, word

LONGEST_WHY = 300
OLD_ADDRESS = "address_old"
KIND = "bounce"
WAITS = [timedelta(minutes=m) for m in (5, 30, 120)]
SAME_MOMENT = timedelta(minutes=5)


def bounce(session: Session, letter: Letter, why: str, now: datetime) -> str:
    """A letter's e-mail has failed for good: switch to the next channel, let the address rest, tell the creator.

    What came back from an address that has been corrected meanwhile goes to the new one. Returns what was done.
    """
    order = _order(session, letter)
    if letter.dropped_at is not None or letter.failed_at is not None:
        return "it was known already"
    letter.failed_at, letter.trouble, letter.leased_until = now, why[:LONGEST_WHY], None
    if order is None:
        return "the place on the list has no other channel"
    if letter.kind in TO_CREATOR:
        return _creator_unreachable(session, order, letter, now)
    if letter.kind == OLD_ADDRESS:
        return "it was for the address that was given up"
    if letter.recipient != order.email:
        return "it goes to the corrected address" if _mail_again(session, letter, now) else "told at the new address"
    _let_rest(session, order, letter.trouble, now)
    by_text = owe_text(session, letter, channels.INSTEAD, now)
    return "it goes by text" if by_text else "no other channel; the creator is told"


def _order(session: Session, letter: Letter) -> Order | None:
    """The letter's order, locked before the letter: so does everybody who changes an order and owes for it."""
    if letter.order_id is None:
        return None
    order = session.get_one(Order, letter.order_id, with_for_update=True)
    session.refresh(letter, with_for_update=True)
    return order


def _let_rest(session: Session, order: Order, why: str, now: datetime) -> None:
    """Nothing is mailed to it until it is corrected or confirmed; the creator has one task for it."""
    if order.bounced_at is None:
        order.bounced_at, order.bounce = now, why
    _ask_creator(session, order, now)


def _ask_creator(session: Session, order: Order, now: datetime) -> None:
    ask_creator(session, order, KIND, subject(order), bounce_words.task(order.email, order.bounce), now)


def subject(order: Order, address: str = "") -> str:
    """What the task of an address (the order's, if none is named) is known by: once for each creator and address."""
    return f"{order.product.creator_id}:{fingerprint(address or order.email)}"


def _creator_unreachable(session: Session, order: Order, letter: Letter, now: datetime) -> str:
    """No letter tells of it: it would come back too. The studio does."""
    sentence = bounce_words.creators_own(letter.recipient, letter.trouble)
    raise_task(session, KIND, f"own:{fingerprint(letter.recipient)}", sentence, now, order_id=order.id)
    return "the studio tells the creator"


def passed_over(session: Session, letter: Letter, now: datetime) -> None:
    """A letter of an order whose address rests is not mailed: it goes by text where it may, and stands in the inbox."""
    order = _order(session, letter)
    if order is None or letter.failed_at is not None:
        return
    letter.failed_at, letter.trouble, letter.leased_until = now, bounce_words.RESTS, None
    owe_text(session, letter, channels.INSTEAD, now)
    _ask_creator(session, order, now)


def write_again(session: Session, order: Order, who: str, now: datetime, *, was: str = "") -> bool:
    """The address was corrected, or somebody knows that it is right: what did not arrive is mailed once more.

    What is not true any more is left out when it is written. `was`: the address before. False: nothing rested.
    """
    rested = order.bounced_at is not None
    if rested:
        close_tasks(session, KIND, subject(order, was), who, now)
    order.bounced_at, order.bounce = None, ""
    mine = (Letter.order_id == order.id, Letter.failed_at.is_not(None), Letter.dropped_at.is_(None))
    ours = Letter.kind.not_in([*TO_CREATOR, OLD_ADDRESS])
    for letter in session.scalars(select(Letter).where(*mine, ours).order_by(Letter.id).with_for_update()):
        _mail_again(session, letter, now)
    return rested


def _mail_again(session: Session, letter: Letter, now: datetime) -> bool:
    """False: the same letter is owed to the new address already."""
    same = (Letter.order_id == letter.order_id, Letter.kind == letter.kind, Letter.version == letter.version)
    twin = select(Letter.id).where(*same, Letter.recipient == letter.order.email, Letter.id != letter.id)
    if session.scalar(twin) is not None:
        return False
    letter.recipient = letter.order.email
    letter.failed_at, letter.sent_at, letter.trouble = None, None, ""
    letter.due_at, letter.tries, letter.leased_until = now, 0, None
    return True


def hear_bounced(session: Session, links: Links, event: MailEvent, now: datetime) -> str:
    """The mail server reports that a letter did not arrive. `permanent` false: it may the next time."""
    del links
    letter = _named(session, event)
    if letter is None:
        return "it names no letter of ours"
    old = _of_earlier(letter, event)
    if old:
        return old
    why = bounce_words.came_back(word(event.payload, "reason"))
    permanent = event.payload.get("permanent") is not False
    if not permanent and letter.sent_at is None:
        return "it is on its way"
    if channels.is_final(permanent=permanent, tries=letter.tries):
        return bounce(session, letter, why, now)
    return _try_again(session, letter, why, now)


def _named(session: Session, event: MailEvent) -> Letter | None:
    """The letter a report names, and its address where it says one: another's report does nothing to it."""
    found = letter_of(event.payload.get("message_id"))
    if found is None:
        return None
    letter = session.get(Letter, found[0])
    if letter is None or letter.version != found[1]:
        return None
    if letter.order_id is not None:
        _order(session, letter)
    return letter


def _of_earlier(letter: Letter, event: MailEvent) -> str:
    """Why a report changes nothing: it is of an earlier sending, or another address; "" where it counts."""
    address, at = word(event.payload, "recipient", 254), instant(event.payload, "at")
    if letter.sent_at is None and letter.leased_until is None and not letter.tries:
        return "it is not out: it is mailed again, or never was"
    if address and address.lower() != letter.recipient.lower():
        return "it went to another address since"
    if at is not None and letter.sent_at is not None and at < letter.sent_at - SAME_MOMENT:
        return "it was mailed again since"
    return ""


def _try_again(session: Session, letter: Letter, why: str, now: datetime) -> str:
    if letter.failed_at is not None or letter.dropped_at is not None:
        return "it was known already"
    again = now + WAITS[min(letter.tries, len(WAITS) - 1)]
    back = {"sent_at": None, "trouble": why[:LONGEST_WHY], "due_at": again, "tries": letter.tries + 1}
    out = update(Letter).where(Letter.id == letter.id, Letter.sent_at.is_not(None))
    return "it is tried again" if changed(session, out.values(**back)) else "it is on its way"


def hear_complained(session: Session, links: Links, event: MailEvent, now: datetime) -> str:
    """Its reader called a letter spam: no news go to that address any more; what rules demand goes on (policies.md 5)."""
    del links
    letter = _named(session, event)
    if letter is None:
        return "it names no letter of ours"
    mine = Ticket.email == letter.recipient
    session.execute(update(Ticket).where(mine, Ticket.news.is_(True)).values(news=False))
    watching.end_all(session, letter.recipient, now)
    order = letter.order if letter.order_id is not None else None
    if order is None or letter.kind in TO_CREATOR:
        return "no news go to that address any more"
    ask_creator(session, order, "complaint", subject(order), bounce_words.complained(order.email), now)
    return "no news go to that address any more; the creator is told"
