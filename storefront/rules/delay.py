"""What a change of date means for one order: the table of the delay policy as one pure function (policies.md 1).

The rule behind it is 16 CFR 435.2. Its readings, where the table leaves one open, stand in docs/decisions.md.

A buyer is *bound* to the last date they agreed to, by a click or by silence; at first the promise's `by`. A notice asks
one question at most. The first delay, of 30 days or less, is agreed to by *silence*, once the old date has come; every
other needs an express yes, and without one the order ends at the question's deadline.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

SILENCE_AGREES_WITHIN = timedelta(days=30)
RUNS_LATE = timedelta(hours=24)


class State(StrEnum):
    """Where an order stands with its promise."""

    WAITING = "waiting"
    LAUNCHED = "launched"
    CANCELLED = "cancelled"


class Silence(StrEnum):
    """What not answering means."""

    AGREES = "agrees"
    CANCELS = "cancels"


class Rule(StrEnum):
    """The row of the table that asks: a first notice within or beyond 30 days, a renewed one, one after the date."""

    SHORT = "short"
    LONG = "long"
    RENEWED = "renewed"
    LATE = "late"


class Why(StrEnum):
    """What brought an order where it stands."""

    PROMISED = "promised"
    AGREED = "agreed"
    OPEN_ENDED = "open_ended"
    ASKED = "asked"
    RUNS_LATE = "runs_late"
    LAUNCHED = "launched"
    BUYER = "buyer"
    CREATOR = "creator"
    SILENCE = "silence"
    MISSED = "missed"


@dataclass(frozen=True)
class Move:
    """A notice: the launch moves to an instant, or to none that could be named."""

    at: datetime
    to: datetime | None


@dataclass(frozen=True)
class Answer:
    """The buyer's word: to wait (True), or to cancel."""

    at: datetime
    wait: bool


@dataclass(frozen=True)
class Case:
    """What happened to one order. `by` is what was promised; instants are aware, the lists in order of time."""

    by: datetime
    moves: Sequence[Move] = ()
    answers: Sequence[Answer] = ()
    gave_up_at: datetime | None = None
    launched_at: datetime | None = None


@dataclass(frozen=True)
class Question:
    """A notice that waits for an answer: about which date (None: no date), what silence does, and when."""

    to: datetime | None
    silence: Silence
    deadline: datetime
    rule: Rule


@dataclass(frozen=True)
class Verdict:
    """How an order stands. `bound` is the date it waits for, None where its buyer agreed to none.

    `changes_at` is the next instant at which it changes by itself, if nothing is said or done until then.
    """

    state: State
    why: Why
    since: datetime | None = None
    question: Question | None = None
    bound: datetime | None = None
    rule: Rule | None = None
    changes_at: datetime | None = None

    @property
    def may_cancel(self) -> bool:
        """Until the launch, at any time; afterwards the withdrawal's rules take over (policies.md 2)."""
        return self.state is State.WAITING


@dataclass(frozen=True)
class _Standing:
    """The fold's state: the date agreed to, the one that silence will agree to when that one comes, and the question
    that needs a yes. `delayed`: a delay has been agreed to, so that the next one is renewed.
    """

    bound: datetime | None
    delayed: bool = False
    silent: datetime | None = None
    asked: Question | None = None
    end: Verdict | None = None

    def ripe(self, at: datetime) -> "_Standing":
        """The old date has come, and nobody objected: the date that silence agrees to binds."""
        if self.silent is None or self.bound is None or at < self.bound:
            return self
        return replace(self, bound=self.silent, delayed=True, silent=None)

    @property
    def ends_at(self) -> datetime | None:
        """When the order ends by itself, if nobody says or launches anything."""
        if self.asked is not None:
            return self.asked.deadline
        last = self.silent or self.bound
        return last + RUNS_LATE if last else None


def decide(case: Case, now: datetime) -> Verdict:
    """How an order stands at `now`; what happens later is not looked at.

    At one instant the launch goes before notices, notices before answers, answers before giving up; what silence does
    comes last, so that an answer on the very deadline still counts.
    """
    standing = _Standing(case.by)
    for at, event in _events(case, now):
        standing = _elapse(standing, at, due=False)
        if standing.end is None:
            standing = _happen(standing, at, event)
        if standing.end is not None:
            return standing.end
    standing = _elapse(standing, now, due=True)
    return standing.end or _waiting(standing, now)


def _events(case: Case, now: datetime) -> list[tuple[datetime, "Move | Answer | Why"]]:
    """Everything that has happened by now, in order."""
    found: list[tuple[datetime, Move | Answer | Why]] = []
    if case.launched_at:
        found.append((case.launched_at, Why.LAUNCHED))
    found += [(each.at, each) for each in case.moves]
    found += [(each.at, each) for each in case.answers]
    if case.gave_up_at:
        found.append((case.gave_up_at, Why.CREATOR))
    return sorted((each for each in found if each[0] <= now), key=lambda each: each[0])


def _elapse(standing: _Standing, at: datetime, *, due: bool) -> _Standing:
    """What silence has done before `at`; with `due`, also what it does at that very instant."""
    ends, asked = standing.ends_at, standing.asked
    standing = standing.ripe(at)
    if ends is None or not (ends < at or (due and ends == at)):
        return standing
    why = Why.SILENCE if asked else Why.MISSED
    return replace(standing, end=Verdict(State.CANCELLED, why, ends, rule=asked.rule if asked else None))


def _happen(standing: _Standing, at: datetime, event: "Move | Answer | Why") -> _Standing:
    if isinstance(event, Move):
        return _moved(standing, event)
    if isinstance(event, Answer) and event.wait:
        return _agreed(standing, at)
    if event is Why.LAUNCHED:
        return replace(standing, end=Verdict(State.LAUNCHED, Why.LAUNCHED, at))
    why = Why.CREATOR if event is Why.CREATOR else Why.BUYER
    return replace(standing, end=Verdict(State.CANCELLED, why, at))


def _moved(standing: _Standing, move: Move) -> _Standing:
    """What a notice asks. Whoever agreed to no date is owed none; the last question takes an earlier one's place."""
    if standing.bound is None:
        return standing
    if move.at >= standing.bound:
        return _after_the_date(standing, standing.bound, move)
    if move.to is not None and move.to <= standing.bound:
        return replace(standing, silent=None, asked=None)
    if standing.delayed:
        return _ask(standing, move.to, standing.bound, Rule.RENEWED)
    return _first(standing, standing.bound, move)


def _first(standing: _Standing, by: datetime, move: Move) -> _Standing:
    """A delay of the promise itself, told before it comes: silence carries a buyer along once, and no further."""
    if standing.silent is not None and (move.to is None or move.to > standing.silent):
        return _ask(standing, move.to, standing.silent, Rule.RENEWED)
    if move.to is not None and move.to <= by + SILENCE_AGREES_WITHIN:
        return replace(standing, silent=move.to, asked=None)
    return _ask(standing, move.to, by + SILENCE_AGREES_WITHIN, Rule.LONG)


def _after_the_date(standing: _Standing, bound: datetime, move: Move) -> _Standing:
    """The date has come: an open question keeps its deadline, and without one there are 24 hours to say yes."""
    if standing.asked is not None:
        return replace(standing, asked=replace(standing.asked, to=move.to))
    return _ask(standing, move.to, bound + RUNS_LATE, Rule.LATE)


def _ask(standing: _Standing, to: datetime | None, deadline: datetime, rule: Rule) -> _Standing:
    return replace(standing, asked=Question(to, Silence.CANCELS, deadline, rule))


def _agreed(standing: _Standing, at: datetime) -> _Standing:
    """An express yes to the open question; one to a move told late comes before its deadline, not on it.

    A date that was missed while the question stayed open binds nobody: the yes is to wait as long as that could be answered.
    """
    asked = standing.asked
    if asked is None:
        return standing if standing.silent is None else _Standing(standing.silent, delayed=True)
    if asked.rule is Rule.LATE and at >= asked.deadline:
        return standing
    missed = asked.to is not None and asked.to + RUNS_LATE <= at
    return _Standing(asked.deadline if missed else asked.to, delayed=True)


def _waiting(standing: _Standing, now: datetime) -> Verdict:
    question = standing.asked
    if question is None and standing.silent is not None and standing.bound is not None:
        question = Question(standing.silent, Silence.AGREES, standing.bound, Rule.SHORT)
    changes_at = standing.bound if standing.silent else standing.ends_at
    return Verdict(State.WAITING, _why(standing, now), None, question, standing.bound, changes_at=changes_at)


def _why(standing: _Standing, now: datetime) -> Why:
    if standing.asked is not None or standing.silent is not None:
        return Why.ASKED
    if standing.bound is None:
        return Why.OPEN_ENDED
    if now >= standing.bound:
        return Why.RUNS_LATE
    return Why.AGREED if standing.delayed else Why.PROMISED


def instant(at: datetime) -> str:
    """An instant in UTC, as a sentence and a verdict write it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
