"""Bugs that somebody could write about letters that come back, mailboxes, and phones."""

from storefront.actions import bouncing, hearing_mail, mailing, owing, tasking, texting
from storefront.rules import mail_news
from tests.simulation.planting import Bug, Edit


def bug(name: str, breaks: str, *edits: Edit) -> Bug:
    return Bug(name, breaks, edits)


BUGS = [
    bug("came back, and nobody is asked", "C1", Edit(bouncing._let_rest, "_ask_creator(session, order, now)", "pass")),
    bug(
        "came back, and no word to the creator",
        "C2 asked",
        Edit(tasking.ask_creator, "if task is not None:", "if False:"),
    ),
    bug(
        "mailed on to an address that rests",
        "C2",
        Edit(mailing._rests, "return mine and", "return False and"),
    ),
    bug("an address that never rests", "C3", Edit(bouncing._let_rest, "if order.bounced_at is None:", "if False:")),
    bug(
        "corrected, and not mailed again",
        "C3",
        Edit(bouncing.write_again, "_mail_again(session, letter, now)", "pass"),
    ),
    bug(
        "texted without a proof",
        "C5",
        Edit(texting._letter, "if to.confirmed_at is None:", "if False:"),
        Edit(owing.owe_text, "*_CONFIRMED", "Phone.ended_at.is_(None)"),
    ),
    bug("rung at night", "C5", Edit(texting._written, "if rings > now:", "if False:")),
    bug("texted after the end", "C5", Edit(texting._written, "if to.ended_at is not None:", "if False:")),
    bug("texted until somebody answers", "C6", Edit(texting._begin, ", TextMessage.begun < MOST_BEGUN")),
    bug(
        "taken perhaps, and counted as not taken",
        "C7",
        Edit(texting._not_taken, "elif refusal.unknown:", "elif False:"),
    ),
    bug(
        "STOP unheard",
        "C8",
        Edit(texting._not_taken, "if refusal.stopped or refusal.number:", "if False:"),
    ),
    bug(
        "an old report ends a new letter",
        "C9",
        Edit(bouncing._of_earlier, "at < letter.sent_at - SAME_MOMENT", "False"),
    ),
    bug(
        "another address's report",
        "C9",
        Edit(bouncing._of_earlier, "address.lower() != letter.recipient.lower()", "False"),
    ),
    bug(
        "a complaint that changes nothing",
        "C9",
        Edit(bouncing.hear_complained, "values(news=False)", "values(news=True)"),
    ),
    bug(
        "a report done before its effect",
        "C9",
        Edit(
            hearing_mail._hear,
            "event.note = HEARD[event.type](session, links, event, now)[:200]",
            'event.note = ""',
        ),
    ),
    bug(
        "a forged report taken",
        "Reports",
        Edit(
            mail_news.read,
            "if not found or not hmac.compare_digest(_digest(secret, body, int(found[1])), found[2]):",
            "if not found:",
        ),
    ),
]
