"""What pages say of the questions about an order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storefront.rules import words
from storefront.rules.launch_words import number

DAY_HOURS = 24


@dataclass(frozen=True)
class Line:
    """A message as one side of it reads it. `mine`: it is the reader's own; `note`: what is odd about it, or ""."""

    who: str
    when: str
    paragraphs: Sequence[str]
    mine: bool
    note: str = ""


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a message; lines within one stay lines."""
    return [each for each in text.split("\n\n") if each.strip()]


def dropped(files: Sequence[str]) -> str:
    """What is said of files that came with a mail."""
    if not files:
        return ""
    named = ", ".join(files)
    return f"{'A file came' if len(files) == 1 else 'Files came'} with this mail and {'is' if len(files) == 1 else 'are'} not kept: {named}."


def stranger(sender: str) -> str:
    """What a creator is told of a message that came from another address than the order's."""
    came = f"It came from {sender}" if sender else "It names no sender"
    return f"{came}, not from the address of the order. Whoever wrote it may be somebody else; your answer goes to the address of the order."


def waits(since: datetime, now: datetime) -> str:
    """How long a question has waited."""
    hours = int((now - since).total_seconds() // 3600)
    if hours < 1:
        return "since a moment ago"
    if hours < DAY_HOURS:
        return f"for {number(hours)} hour{'s' if hours > 1 else ''}"
    days = hours // DAY_HOURS
    return f"for {number(days)} day{'s' if days > 1 else ''}"


def sentence(count: int) -> str:
    """How many questions are open, as a headline."""
    if not count:
        return "Nobody waits for an answer."
    return f"{number(count).capitalize()} {'question waits' if count == 1 else 'questions wait'} for you."


def when(at: datetime, zone: str) -> str:
    """When a message came."""
    return words.day_clock(at, zone)
