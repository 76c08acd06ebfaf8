"""A creator's own words in letters: where they may stand, what they may say, and what fills their gaps.

They stand below what the letter has to say: the day, the reason, the amounts, the deadline, the way to answer or cancel are the
rules' own and cannot be left out. Letters about an order carry no advertising (policies.md 1 and 5), so they link nowhere else.
"""

import re
from collections.abc import Mapping

LONGEST = 1200
GAP = re.compile(r"\{([^{}\n]*)\}")
# Mail programs turn "shop.example/sale" and "rabatt.com" into links, too.
LINK = re.compile(
    r"\w://|www\.|\]\(|\b[\w-]+\.[a-z]{2,24}/\w|\b[\w-]{2,63}\.(?:com|net|org|info|biz|shop|store|io|de|eu|co\.uk)\b",
    re.IGNORECASE,
)
GAPS = {
    "title": "the title",
    "creator": "your name",
    "price": "what the order costs",
    "day": "the day it was promised",
    "number": "the order's number",
}

# Each kind that takes own words: when it goes, and what of it is the rules' own.
KINDS = {
    "confirmed": ("Right after an order", "What was ordered, the price, the day, and how to cancel."),
    "access": ("At the launch, or with a unit", "The link that opens it, and how to withdraw."),
    "moved": ("When its day moves", "The new day, your reason, what silence means and by when, and how to cancel."),
    "bettered": ("When something for waiting is taken", "What was taken, and what it costs now."),
    "still_waiting": ("Once a month while there is no day", "That it has no day, and how to cancel."),
    "launch_late": ("When it opens later than its moment", "That it is late, and what happens then."),
    "card_expiring": ("Weeks before a card ends", "Which card, and how to change it."),
    "past_due": ("When a card was refused", "The amount, the last moment, and how to repair it."),
    "past_due_out": ("When it is out and the card was refused", "The amount, the last moment, and how to repair it."),
    "grace_ending": ("A day before the grace ends", "The last moment, and how to repair it."),
    "repaired": ("When a payment was repaired", "What is paid, and when it opens."),
    "cancelled": ("When an order was cancelled", "Why it ended, and what becomes of the money."),
    "refunded": ("When everything went back", "How much goes back, and to which card."),
}


def refuse(text: str) -> str:
    """Why these words cannot be sent, in a sentence that names the line; "" when they can."""
    if len(text) > LONGEST:
        return f"That is {len(text):,} characters. A letter takes {LONGEST:,} of yours."
    for number, line in enumerate(text.split("\n"), 1):
        unknown = next((each for each in GAP.findall(line) if each not in GAPS), None)
        if unknown is not None:
            known = ", ".join(f"{{{each}}}" for each in GAPS)
            return f"Line {number}: nothing is known as {{{unknown}}}. There are {known}."
        if "{" in GAP.sub("", line) or "}" in GAP.sub("", line):
            return f"Line {number}: a brace stands alone. Write a gap as {{title}}, or leave the brace out."
        if LINK.search(line):
            return f"Line {number}: letters about an order carry no links but their own, and no advertising."
    return ""


def fill(text: str, facts: Mapping[str, str]) -> list[str]:
    """The words as one buyer reads them, by paragraph."""
    filled = GAP.sub(lambda gap: facts.get(gap[1], gap[0]), text)
    return [each.strip() for each in filled.split("\n\n") if each.strip()]
