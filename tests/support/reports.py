"""What a mail server reports of the letters of a world."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from storefront.actions import hearing_mail
from storefront.actions.writing_tickets import message_id
from storefront.models.letters import Letter
from storefront.models.mail_events import MailEvent
from storefront.rules.mail_news import News
from tests.support.world import World


def reports(world: World, told: Letter, kind: str = "bounced", *, at: datetime | None = None, **facts: Any) -> str:
    """The mail server reports something of a letter, and it is heard; what was done about it."""
    with world.db.write() as session:
        count = len(session.scalars(select(MailEvent.id)).all())
        named = {"message_id": message_id(world.outside, told), "reason": "550 5.1.1 no such user"}
        said = {"at": at.isoformat()} if at else {}
        hearing_mail.store(session, News(f"prov-{count}", kind, named | said | facts), world.now)
    hearing_mail.hear_due(world.outside, world.db, world.now)
    with world.read() as session:
        note: str = session.get_one(MailEvent, f"prov-{count}").note
        return note
