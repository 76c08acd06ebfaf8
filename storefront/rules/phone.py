"""Telephone numbers as they are kept (E.164), where they may be, and the code that proves one."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import timezone

UNKNOWN = "Etc/Unknown"
DIGITS = 6
CANNOT = {
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.TOLL_FREE,
    phonenumbers.PhoneNumberType.PREMIUM_RATE,
    phonenumbers.PhoneNumberType.SHARED_COST,
    phonenumbers.PhoneNumberType.UAN,
    phonenumbers.PhoneNumberType.VOICEMAIL,
    phonenumbers.PhoneNumberType.PAGER,
}


@dataclass(frozen=True)
class Number:
    """A number that may take texts: E.164, and the IANA zones it may be in (none where nobody knows)."""

    e164: str
    zones: tuple[str, ...]


def read(typed: str) -> Number | str:
    """The number somebody typed, with its country; else a sentence that says how to put it right."""
    given = typed.strip()
    given = f"+{given[2:]}" if given.startswith("00") else given
    if not given.startswith("+"):
        return "Begin with + and the country, as in +49 151 23456789."
    try:
        number = phonenumbers.parse(given, None)
    except phonenumbers.NumberParseException:
        return "That is no telephone number. It looks like +49 151 23456789."
    if not phonenumbers.is_valid_number(number):
        return "That number does not exist there. Look at its digits once more."
    if phonenumbers.number_type(number) in CANNOT:
        return "That number takes no texts. Give a mobile one."
    zones = tuple(each for each in timezone.time_zones_for_number(number) if each != UNKNOWN)
    return Number(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), zones)


def shown(e164: str) -> str:
    """A number as people write it, with its country; its parts never part."""
    number = phonenumbers.parse(e164, None)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL).replace(
        " ", "\N{NO-BREAK SPACE}"
    )


def masked(e164: str) -> str:
    """A number as a creator sees it: the country and the last two digits."""
    number = phonenumbers.parse(e164, None)
    return f"+{number.country_code} … {e164[-2:]}"


def code(key: str, phone_id: int, count: int) -> str:
    """The code of a phone's text: six digits, derived and not stored."""
    digest = hmac.new(key.encode(), f"code·{phone_id}·{count}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**DIGITS:0{DIGITS}}"


def is_code(keys: Sequence[str], phone_id: int, count: int, typed: str) -> bool:
    """Whether the digits typed are that code, under the current key or an older one; blanks do not matter."""
    given = "".join(typed.split()).encode()
    return any(hmac.compare_digest(code(key, phone_id, count).encode(), given) for key in keys)
