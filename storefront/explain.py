"""`storefront delay explain`: the delay rules for anybody. Reads cases, writes verdicts; no settings, no database."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

import click

from storefront.rules.delay import RUNS_LATE, SILENCE_AGREES_WITHIN, Answer, Case, Move, Verdict, decide, instant
from storefront.rules.delay_words import because

LAST_DATE = datetime.max.replace(tzinfo=UTC) - SILENCE_AGREES_WITHIN - 2 * RUNS_LATE
ANSWERS = {"wait": True, "cancel": False}


class Unreadable(ValueError):
    """A case that cannot be read; the message says what is wrong and what to write."""


@click.group("delay")
def delay() -> None:
    """What a change of date means for an order."""


@delay.command()
@click.argument("cases", type=click.File("rb"), default="-")
def explain(cases: BinaryIO) -> None:
    """Read cases, one JSON object a line; write a verdict a line.

    CASES is a file, or standard input by default. A line that cannot be read is answered with {"error": …}, told on
    standard error, and makes the exit code 1.
    """
    broken = 0
    for number, line in enumerate(cases, 1):
        if not line.strip():
            continue
        try:
            answer = verdict(line)
        except Unreadable as error:
            broken += 1
            answer = {"error": str(error)}
            click.echo(f"storefront: line {number}: {error}", err=True)
        click.echo(json.dumps(answer, ensure_ascii=False).encode())  # JSON is UTF-8, whatever the terminal's encoding
    sys.exit(1 if broken else 0)


def verdict(line: bytes) -> dict[str, Any]:
    """The verdict on one case, ready for JSON. Raises Unreadable."""
    try:
        read = json.loads(line)
    except json.JSONDecodeError as error:
        wrong = f"{error.msg} at character {error.pos + 1}"
        raise Unreadable(f"This is not JSON ({wrong}). Write one case as one JSON object on one line.") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"This is not JSON ({error}). Write one case as one JSON object on one line.") from None
    if not isinstance(read, dict):
        raise Unreadable('A case is a JSON object, such as {"promise": {"by": …}, "now": …}.')
    case, now = _case(read), _instant(read.get("now"), "now")
    return _told(case, decide(case, now))


def _case(read: dict[str, Any]) -> Case:
    promise = read.get("promise")
    if not isinstance(promise, dict):
        said = "missing" if promise is None else "no object"
        raise Unreadable(f'"promise" is {said}. Write {{"not_before": …, "by": …}}.')
    not_before, by = (_date(promise.get(key), f"promise.{key}") for key in ("not_before", "by"))
    promised = by or not_before
    if promised is None:
        raise Unreadable('"promise.by" is missing. Write the promised instant, or the latest date that was stated.')
    return Case(
        promised,
        moves=[Move(_at(each, name), _date(each.get("to"), f"{name}.to")) for name, each in _rows(read, "moves")],
        answers=[Answer(_at(each, name), _waits(each, name)) for name, each in _rows(read, "answers")],
        gave_up_at=_maybe(read.get("gave_up_at"), "gave_up_at"),
        launched_at=_maybe(read.get("launched_at"), "launched_at"),
    )


def _rows(read: dict[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a list that may be missing, each with its name."""
    rows = [] if read.get(name) is None else read[name]
    if not isinstance(rows, list):
        raise Unreadable(f'"{name}" is no list. Write [] where there are none.')
    for place, each in enumerate(rows):
        if not isinstance(each, dict):
            raise Unreadable(f'"{name}[{place}]" is no object. Write {{"at": …, …}}.')
        yield f"{name}[{place}]", each


def _at(each: dict[str, Any], name: str) -> datetime:
    return _instant(each.get("at"), f"{name}.at")


def _waits(each: dict[str, Any], name: str) -> bool:
    answer = each.get("answer")
    if not isinstance(answer, str) or answer not in ANSWERS:
        raise Unreadable(f'"{name}.answer" is {json.dumps(answer)}. Write "wait" or "cancel".')
    return ANSWERS[answer]


def _date(value: object, name: str) -> datetime | None:
    """A date that an order waits for, or none. Raises Unreadable for one whose deadlines the calendar does not hold."""
    at = _maybe(value, name)
    if at is not None and at > LAST_DATE:
        raise Unreadable(
            f'"{name}" is {json.dumps(value)}: the calendar ends before its deadlines. Write a nearer date.'
        )
    return at


def _maybe(value: object, name: str) -> datetime | None:
    return None if value is None else _instant(value, name)


def _instant(value: object, name: str) -> datetime:
    """An instant with its offset. Raises Unreadable for anything else; a time without one could mean any place's."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        if at is not None and at.utcoffset() is not None:
            instant(at)  # one at the edge of the calendar has no UTC
            return at
    except (ValueError, OverflowError):
        pass
    said = "missing" if value is None else f"{json.dumps(value)}, which is no instant"
    raise Unreadable(f'"{name}" is {said}. Write ISO 8601 in UTC, such as 2027-05-12T08:00:00Z.')


def _told(case: Case, found: Verdict) -> dict[str, Any]:
    question = found.question
    return {
        "state": found.state.value,
        "since": instant(found.since) if found.since else None,
        "silence": question.silence.value if question else None,
        "deadline": instant(question.deadline) if question else None,
        "may_cancel": found.may_cancel,
        "because": because(case, found),
    }
