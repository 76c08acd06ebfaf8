"""What is put before a bank in a dispute: Stripe's evidence fields, drafted from the facts, edited by a person.

Text only: `refund_policy` and `cancellation_policy` are uploaded files at Stripe, so that their words stand in the
disclosures. At most 20,000 characters a field and 150,000 in all; names, addresses and days 5,000 (Stripe's reference,
"Update a dispute").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from storefront.rules import words
from storefront.rules.leaving import LEAST_DAYS
from storefront.rules.words import KIND

LONGEST, SHORT, TOTAL = 20_000, 5_000, 150_000


class Field(NamedTuple):
    """One of Stripe's fields: its name, what a person calls it, and what belongs there."""

    name: str
    label: str
    hint: str
    most: int = LONGEST

    @property
    def long(self) -> bool:
        """Whether it takes more than a line."""
        return self.most > SHORT


FIELDS = (
    Field("customer_email_address", "The buyer’s e-mail", "The access link went there.", SHORT),
    Field("customer_name", "The buyer’s name", "Leave it empty where it is not known.", SHORT),
    Field("product_description", "What was sold", "What it is, what is inside, how it is delivered."),
    Field("service_date", "When it was delivered", "The day access began.", SHORT),
    Field("access_activity_log", "What the buyer opened", "The access log: each thing once a day, in UTC."),
    Field("refund_policy_disclosure", "The refund policy, and where it was shown", "The text the buyer was told."),
    Field("cancellation_policy_disclosure", "How it could be cancelled", "Where and until when."),
    Field("refund_refusal_explanation", "Why it was not refunded", "In your words."),
    Field("uncategorized_text", "What else speaks for the sale", "Promises and notices, with their Message-IDs."),
)


@dataclass(frozen=True)
class Told:
    """A version of the promise, as it was made."""

    version: int
    at: datetime
    by: datetime
    zone: str
    price: str
    cause: str
    policy: str


@dataclass(frozen=True)
class Sent:
    """A letter that the buyer's mail server took."""

    what: str
    to: str
    at: datetime
    message_id: str


@dataclass(frozen=True)
class Seen:
    """A line of the access log."""

    at: datetime
    what: str


@dataclass(frozen=True)
class Waived:
    """The reader's consent at first access, and the text they saw."""

    at: datetime
    text: str
    version: str


@dataclass(frozen=True)
class Case:
    """The facts of a sale. `refunded`: what went back already, as a receipt says it, or ""; `days`: within how many it
    could be withdrawn from.
    """

    number: str
    title: str
    kind: str
    lead: str
    creator: str
    price: str
    email: str
    card: str
    placed_at: datetime
    promises: Sequence[Told]
    name: str = ""
    inside: str = ""
    launched_at: datetime | None = None
    granted_at: datetime | None = None
    letters: Sequence[Sent] = ()
    seen: Sequence[Seen] = ()
    cancel_wished_at: datetime | None = None
    cancel_who: str = "buyer"
    refunded: str = ""
    days: int = LEAST_DAYS
    waived: Waived | None = None


def draft(case: Case) -> dict[str, str]:
    """Every field as the facts fill it; what nothing is known of stays empty."""
    return {
        "customer_email_address": case.email,
        "customer_name": case.name,
        "product_description": _product(case),
        "service_date": _delivered(case),
        "access_activity_log": _clipped(_log(case)),
        "refund_policy_disclosure": _clipped(_policy(case)),
        "cancellation_policy_disclosure": _cancellation(case),
        "refund_refusal_explanation": _refusal(case),
        "uncategorized_text": _clipped(_rest(case)),
    }


def faults(evidence: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with it, by field; "" names the whole."""
    found = {
        each.name: f"That is {len(evidence.get(each.name, '')):,} characters; the bank takes {each.most:,}."
        for each in FIELDS
        if len(evidence.get(each.name, "")) > each.most
    }
    total = sum(map(len, evidence.values()))
    if not any(evidence.values()):
        found[""] = "There is nothing to send yet."
    elif total > TOTAL:
        found[""] = f"That is {total:,} characters in all; the bank takes {TOTAL:,}."
    return found


def _at(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _product(case: Case) -> str:
    inside = f" Inside: {case.inside}." if case.inside else ""
    return (
        f"“{case.title}” by {case.creator}. {KIND[case.kind]}, delivered online. {case.lead}{inside} "
        f"Price: {case.price}. Access is given by a personal link, mailed to the address of the order ({case.email}), "
        "and opened by one click on that page."
    )


def _delivered(case: Case) -> str:
    return _day(case.granted_at) if case.granted_at else ""


def _log(case: Case) -> str:
    if not case.seen:
        return ""
    head = f"Access log of order {case.number}: each thing is kept once a day, at its first opening."
    given = [f"{_at(case.granted_at)}  access given, link mailed to {case.email}"] if case.granted_at else []
    return "\n".join([head, *given, *(f"{_at(each.at)}  {each.what}" for each in case.seen)])


def _policy(case: Case) -> str:
    if not case.promises:
        return ""
    first = case.promises[0]
    told = f"Shown above the order button, accepted on {_at(first.at)} and mailed with the confirmation:"
    return f"{told}\n\n{first.policy}"


def _cancellation(case: Case) -> str:
    before = case.launched_at is None or case.placed_at < case.launched_at
    cancel = "cancel at any time before the launch, with everything back; and " if before else ""
    told = (
        f"The buyer could {cancel}withdraw within {case.days} days of {'the later of order and launch' if before else 'the order'}, "
        "with everything back, as long as nothing had been opened: on the page of the order, whose link is in every "
        "letter. No reason is asked, no sign-in is needed."
    )
    if case.waived is None:
        return told
    given = f"On {_at(case.waived.at)}, before opening anything, the buyer agreed"
    return f"{told} {given}: “{case.waived.text}” (version {case.waived.version} of the text)."


def _refusal(case: Case) -> str:
    said = [f"{case.refunded} were refunded before the dispute."] if case.refunded else []
    if case.cancel_wished_at is None:
        said.append("The buyer asked for no cancellation and no refund before the dispute was opened.")
    else:
        whose = "The buyer’s" if case.cancel_who == "buyer" else "The seller’s"
        said.append(
            f"{whose} cancellation of {_at(case.cancel_wished_at)} could not be refunded: the dispute was open."
        )
    if case.seen:
        said.append(f"The product had been opened, first on {_at(case.seen[0].at)}.")
    return " ".join(said)


def _rest(case: Case) -> str:
    """The promises and the notices, in the order of their time."""
    paid = f"Order {case.number} of {_at(case.placed_at)}, paid with {case.card}." if case.card else ""
    opened = f"The product came out on {_at(case.launched_at)}." if case.launched_at else ""
    parts = [paid, opened, _block("What the buyer was promised:", [_promised(each) for each in case.promises])]
    parts.append(_block("Letters accepted by the buyer’s mail server:", [_letter(each) for each in case.letters]))
    return "\n\n".join(filter(None, parts))


def _block(head: str, lines: Sequence[str]) -> str:
    return "\n".join([head, *lines]) if lines else ""


def _promised(each: Told) -> str:
    why = "" if each.version == 1 else f" Told because: {each.cause}."
    return f"{_at(each.at)}  version {each.version}: {each.price}, by {words.full(each.by, each.zone)}.{why}"


def _letter(each: Sent) -> str:
    return f"{_at(each.at)}  {each.what}, to {each.to}, Message-ID {each.message_id}"


def _clipped(text: str) -> str:
    """At most what a field takes; whole lines, and how many more there are."""
    if len(text) <= LONGEST:
        return text
    lines = text.splitlines()
    kept, room = [], LONGEST - 60
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    more = f"… and {len(lines) - len(kept):,} lines more, on request."
    return "\n".join([*kept, more]) if kept else f"{text[: LONGEST - 1]}…"
