"""What a text says: one fact, one way on, at most two segments, no promotion (policies.md 5).

A segment holds 153 signs of the GSM alphabet (160 in a single one), or 67 (70) of any other; a sign of the extension
counts twice, one beyond the basic plane twice.
"""

import hashlib
import unicodedata
from datetime import datetime

from storefront.rules import words

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("^{}\\[~]|€\f")
SINGLE_GSM, PART_GSM = 160, 153
SINGLE_WIDE, PART_WIDE = 70, 67
MOST = 2
PLAIN = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "„": '"',
        "‘": "'",
        "’": "'",
        "–": "-",
        "—": "-",
        "…": "...",
        "·": "-",
        "\xa0": " ",
        "\u202f": " ",
    }
)
STOP = "STOP ends this."
ASKS = {
    "access": "Open it:",
    "moved": "Wait or cancel:",
    "past_due": "Put it right:",
    "past_due_out": "Put it right:",
    "grace_ending": "Put it right:",
    "card_expiring": "Save another card:",
}


def consent(number: str) -> str:
    """What a buyer agrees to for one order; `version` says which words they were."""
    return (
        f"Text me about order {number}: when it opens, when its day moves, when my card needs me, and when a letter does "
        "not reach my address. No advertising, nothing from 21:00 to 8:00 where the number is at home, except the link "
        "that opens it. I can end it on this page, or by answering STOP."
    )


def version(text: str) -> str:
    """Which words they were: a part of their SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def code(shop: str, digits: str) -> str:
    """The text that proves a number."""
    return fitted(f"{shop}: ", "your code", f" is {digits}. It is good for ten minutes. Nobody of us asks you for it.")


def letter(shop: str, kind: str, subject: str, url: str, until: str = "") -> str:
    """A letter as a text: its subject is the fact. `until`: by when silence cancels, in words."""
    ask = f"Without your yes by {until} it is cancelled:" if until else ASKS.get(kind, "See:")
    return fitted(f"{shop}: ", subject.strip().rstrip("."), f". {ask} {url} {STOP}", f"{ask} {url}")


def by(deadline: datetime, zone: str) -> str:
    """A last day as a text has room for it."""
    return f"{words.day_month(deadline, zone)}, {words.clock(deadline, zone)}"


def fitted(before: str, middle: str, after: str, least: str = "") -> str:
    """The three parts with the middle shortened until two segments hold it; `least` where not even that is enough."""
    text = _gsm(before + middle + after)
    if segments(text) <= MOST:
        return text
    for end in range(len(middle) - 1, 0, -1):
        text = _gsm(f"{before}{middle[:end].rstrip()}...{after}")
        if segments(text) <= MOST:
            return text
    return _gsm(least or after.strip())


def _gsm(text: str) -> str:
    """In the GSM alphabet where that is a matter of signs and accents; other scripts stay as they are."""
    plain = text.translate(PLAIN)
    if is_gsm(plain):
        return plain
    bare = "".join(each if each in GSM or each in EXTENSION else _bare(each) for each in plain)
    return bare if is_gsm(bare) else plain


def _bare(sign: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(each))


def is_gsm(text: str) -> bool:
    """Whether every sign is of the GSM alphabet or its extension (3GPP TS 23.038)."""
    return all(each in GSM or each in EXTENSION for each in text)


def segments(text: str) -> int:
    """How many segments a text is sent and charged as."""
    if is_gsm(text):
        length = len(text) + sum(each in EXTENSION for each in text)
        return 1 if length <= SINGLE_GSM else -(-length // PART_GSM)
    length = len(text.encode("utf-16-be")) // 2
    return 1 if length <= SINGLE_WIDE else -(-length // PART_WIDE)
