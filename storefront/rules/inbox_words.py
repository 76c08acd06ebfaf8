"""What the inbox says."""

from datetime import datetime

from storefront.rules.launch_words import number
from storefront.rules.words import day_clock

NAMELESS = "A letter from before there was an inbox"


def sentence(unread: int, *, some: bool) -> str:
    """The first sentence of the inbox."""
    if not some:
        return "No letters yet."
    if not unread:
        return "You have read everything."
    return f"{number(unread).capitalize()} {'letter waits' if unread == 1 else 'letters wait'} for you."


def more(unread: int) -> str:
    """The way from an order's page to all of its letters."""
    return f"All letters, {unread} unread" if unread else "All letters"


def ways(mailed: datetime | None, failed: datetime | None, texted: datetime | None, zone: str) -> str:
    """Which ways a letter went out, and when."""
    told = []
    if failed:
        told.append(f"did not arrive by e-mail, {day_clock(failed, zone)}")
    elif mailed:
        told.append(f"mailed {day_clock(mailed, zone)}")
    else:
        told.append("on its way by e-mail")
    if texted:
        told.append(f"texted {day_clock(texted, zone)}")
    line = ", ".join(told)
    return line[0].upper() + line[1:]
