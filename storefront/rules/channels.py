"""Over which channel a letter goes: what is texted, when a phone may ring, what a mail server's refusal means.

Every letter stands in its reader's inbox; e-mail carries it out, and a text besides where its buyer agreed to texts and
the letter is of a kind in ALONGSIDE. Where e-mail fails, a kind in INSTEAD is texted (policies.md 5).
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

# What a person waits for, or has to act on in time.
ALONGSIDE = frozenset({"access", "moved", "past_due", "past_due_out", "grace_ending"})
# What a letter that came back is worth a text for; none of them carries a promotion.
INSTEAD = ALONGSIDE | {
    "confirmed",
    "repaired",
    "card_expiring",
    "launch_late",
    "still_waiting",
    "bettered",
    "cancelled",
    "refunded",
    "part_refunded",
    "refund_failed",
    "paid_back",
    "withdrawn",
}
# The link they wait for may come at night (policies.md 5).
AT_ANY_HOUR = frozenset({"access", "code"})
QUIET_FROM, QUIET_UNTIL = 21, 8
SEARCHED_DAYS = 3

# A report of a mail server that may change its mind is believed after so many tries.
TEMPORARY = 4
ENHANCED = re.compile(r"\b5\.(\d{1,3})\.(\d{1,3})\b")
ADDRESS, MAILBOX, ROUTE = 1, 2, 4
SENDERS = {(ADDRESS, 7), (ADDRESS, 8)}
OURS = frozenset({530, 534, 535, 538})


def is_address_fault(code: int, said: str) -> bool:
    """Whether a refusal for good (5xx) is about the recipient's address, and not about us or the letter (RFC 3463).

    Without an enhanced code it is, unless it speaks of relaying or of signing in: a server that takes no letter of ours
    must not make every buyer's address look wrong.
    """
    found = ENHANCED.search(said)
    if found:
        subject, detail = int(found[1]), int(found[2])
        return subject in {ADDRESS, MAILBOX, ROUTE} and (subject, detail) not in SENDERS
    return code not in OURS and not re.search(r"relay|authenticat|sender|spam|policy|blocked|black ?list", said.lower())


def is_final(*, permanent: bool, tries: int) -> bool:
    """Whether a letter that came back is given up; one that came back for a while only goes out again, four times."""
    return permanent or tries >= TEMPORARY


def may_ring(kind: str, zones: Sequence[str], now: datetime) -> datetime:
    """When a text of a kind may go out: `now`, or the next instant at which it is day in all of a number's zones.

    Quiet from 21:00 to 08:00 at the recipient (policies.md 5). A number of a wide country may be in any of its zones; where
    the sun leaves no common hour, the first zone decides.
    """
    if kind in AT_ANY_HOUR:
        return now
    known = [ZoneInfo(each) for each in zones] or [ZoneInfo("UTC")]
    mornings = sorted(each for zone in known for each in _mornings(zone, now))
    for at in (now, *mornings):
        if not any(_is_quiet(zone, at) for zone in known):
            return at
    return now if not _is_quiet(known[0], now) else _mornings(known[0], now)[0]


def _is_quiet(zone: ZoneInfo, at: datetime) -> bool:
    return not QUIET_UNTIL <= at.astimezone(zone).hour < QUIET_FROM


def _mornings(zone: ZoneInfo, now: datetime) -> list[datetime]:
    """The next instants at which it becomes 08:00 there; a wall time that the clocks skip is the instant after."""
    today = now.astimezone(zone).replace(hour=QUIET_UNTIL, minute=0, second=0, microsecond=0, fold=0)
    days = (today + timedelta(days=n) for n in range(SEARCHED_DAYS))
    return [at for at in (each.astimezone(UTC) for each in days) if at > now]
