"""Each cell of the delay table, the places where its rows meet, and laws over any sequence of what may happen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from storefront.rules.delay import Answer, Case, Move, Rule, Silence, State, Verdict, Why, decide
from storefront.rules.delay_words import because
from storefront.rules.launch import Moment, resolve

T = datetime(2027, 5, 12, 8, tzinfo=UTC)
DAY, HOUR, MOMENT = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)


def days(count: float) -> datetime:
    return T + count * DAY


def move(at: float, to: float | None) -> Move:
    return Move(days(at), None if to is None else days(to))


def yes(at: float) -> Answer:
    return Answer(days(at), wait=True)


def no(at: float) -> Answer:
    return Answer(days(at), wait=False)


def stands(now: float, *happened: Move | Answer, **facts: Any) -> Verdict:
    """How an order of T stands `now`, in days after T."""
    moves = [each for each in happened if isinstance(each, Move)]
    answers = [each for each in happened if isinstance(each, Answer)]
    return decide(Case(T, moves, answers, **facts), days(now))


def open_question(found: Verdict) -> tuple[Silence, datetime] | None:
    assert found.state is State.WAITING, found
    return (found.question.silence, found.question.deadline) if found.question else None


def ended(found: Verdict) -> tuple[State, datetime | None, Why]:
    assert not found.may_cancel
    assert found.question is None
    return found.state, found.since, found.why


def cancelled(at: float, why: Why) -> tuple[State, datetime, Why]:
    return State.CANCELLED, days(at), why


# Nothing was said.


def test_before_its_date_an_order_waits_and_nothing_is_asked() -> None:
    found = stands(-1)
    assert (open_question(found), found.may_cancel, found.bound, found.changes_at) == (None, True, T, days(1))


def test_for_24_hours_a_launch_runs_late_and_then_the_order_counts_as_cancelled() -> None:
    assert stands(0.99).why is Why.RUNS_LATE
    assert ended(stands(1)) == cancelled(1, Why.MISSED)
    assert ended(stands(400)) == cancelled(1, Why.MISSED)


@pytest.mark.parametrize(("at", "state"), [(-3, "launched"), (0, "launched"), (1, "launched"), (1.001, "cancelled")])
def test_a_launch_up_to_24_hours_late_is_a_launch(at: float, state: str) -> None:
    assert stands(50, launched_at=days(at)).state == state


# First notices.


@pytest.mark.parametrize("to", [0.001, 10, 30])
def test_silence_agrees_to_a_first_delay_of_30_days_or_less_when_the_old_date_comes(to: float) -> None:
    told = move(-5, to)
    assert open_question(stands(-4, told)) == (Silence.AGREES, T)
    after = stands(0, told)
    assert (open_question(after), after.bound, after.why, after.may_cancel) == (None, days(to), Why.AGREED, True)


@pytest.mark.parametrize("to", [30.0001, 60, None])
def test_silence_cancels_beyond_30_days_and_without_a_date(to: float | None) -> None:
    told = move(-5, to)
    assert open_question(stands(-4, told)) == (Silence.CANCELS, days(30))
    assert open_question(stands(29.99, told)) == (Silence.CANCELS, days(30))
    assert ended(stands(30, told)) == cancelled(30, Why.SILENCE)


@pytest.mark.parametrize("to", [60, None])
def test_a_launch_within_30_days_keeps_an_order_that_never_answered(to: float | None) -> None:
    assert stands(90, move(-5, to), launched_at=days(30)).state is State.LAUNCHED
    assert ended(stands(90, move(-5, to), launched_at=days(30.001))) == cancelled(30, Why.SILENCE)


@pytest.mark.parametrize("at", [-4, 0, 12, 30])
def test_an_express_yes_within_30_days_keeps_it(at: float) -> None:
    found = stands(40, move(-5, 60), yes(at))
    assert (open_question(found), found.bound) == (None, days(60))


def test_a_yes_after_the_deadline_has_no_effect() -> None:
    assert ended(stands(40, move(-5, 60), yes(30.001))) == cancelled(30, Why.SILENCE)


def test_a_date_agreed_to_by_silence_and_missed_without_a_word_cancels_24_hours_later() -> None:
    assert stands(10.9, move(-5, 10)).why is Why.RUNS_LATE
    assert ended(stands(20, move(-5, 10))) == cancelled(11, Why.MISSED)


# No date.


def test_whoever_agreed_to_no_date_waits_without_end_and_may_cancel() -> None:
    told = (move(-5, None), yes(-4))
    found = stands(2000, *told)
    assert (open_question(found), found.bound, found.why, found.may_cancel) == (None, None, Why.OPEN_ENDED, True)
    assert found.changes_at is None
    assert ended(stands(2000, *told, no(900))) == cancelled(900, Why.BUYER)


def test_a_date_named_after_no_date_was_agreed_to_is_news_and_binds_nobody() -> None:
    found = stands(300, move(-5, None), yes(-4), move(50, 100))
    assert (open_question(found), found.bound) == (None, None)


# Renewed notices.


@pytest.mark.parametrize("to", [11, 35, 90, None])
@pytest.mark.parametrize("first", [(move(-5, 10),), (move(-5, 10), yes(-4))], ids=["silent", "agreed"])
@pytest.mark.parametrize("at", [-2, 4])
def test_a_further_delay_needs_a_yes_before_the_date_it_follows(
    at: float, first: tuple[Move | Answer, ...], to: float | None
) -> None:
    again = move(at, to)
    assert open_question(stands(at, *first, again)) == (Silence.CANCELS, days(10))
    assert ended(stands(10, *first, again)) == cancelled(10, Why.SILENCE)
    kept = stands(10, *first, again, yes(10))
    assert (open_question(kept), kept.bound) == (None, None if to is None else days(to))


def test_a_further_delay_that_is_not_answered_leaves_a_launch_on_the_date_it_follows() -> None:
    assert stands(50, move(-5, 10), move(4, 20), launched_at=days(10)).state is State.LAUNCHED
    assert ended(stands(50, move(-5, 10), move(4, 20), launched_at=days(10.01))) == cancelled(10, Why.SILENCE)


def test_after_an_express_yes_beyond_30_days_the_next_delay_is_renewed() -> None:
    assert open_question(stands(50, move(-5, 60), yes(3), move(40, 70))) == (Silence.CANCELS, days(60))


# Told late.


def test_a_move_told_within_24_hours_after_the_date_counts_only_with_a_yes_before_they_are_over() -> None:
    told = move(0.25, 20)
    assert open_question(stands(0.5, told)) == (Silence.CANCELS, days(1))
    assert ended(stands(1, told)) == cancelled(1, Why.SILENCE)
    assert ended(stands(9, told, yes(1))) == cancelled(1, Why.SILENCE)
    assert stands(9, told, yes(0.9)).bound == days(20)
    assert stands(9, told, launched_at=days(1)).state is State.LAUNCHED


def test_a_move_told_on_the_very_date_is_not_told_before_it() -> None:
    assert open_question(stands(0, move(0, 5))) == (Silence.CANCELS, days(1))


def test_the_same_holds_for_a_date_that_was_agreed_to() -> None:
    told = (move(-5, 10), move(10.5, 20))
    assert open_question(stands(10.5, *told)) == (Silence.CANCELS, days(11))
    assert ended(stands(30, *told)) == cancelled(11, Why.SILENCE)


def test_a_move_told_after_24_hours_is_told_to_nobody() -> None:
    assert ended(stands(30, move(1.5, 20), yes(2))) == cancelled(1, Why.MISSED)


# Earlier, and back again.


def test_an_earlier_date_asks_nothing_and_leaves_the_date_that_binds() -> None:
    found = stands(-8, move(-20, -10))
    assert (open_question(found), found.bound) == (None, T)
    assert stands(3, move(-20, -10), launched_at=days(-10)).state is State.LAUNCHED
    assert ended(stands(3, move(-20, -10))) == cancelled(1, Why.MISSED)


def test_from_an_earlier_date_back_to_the_promised_one_is_no_delay() -> None:
    assert open_question(stands(-8, move(-20, -10), move(-15, 0))) is None
    assert open_question(stands(-8, move(-20, -10), move(-15, 30))) == (Silence.AGREES, T)


@pytest.mark.parametrize("first", [10, 60, None])
def test_a_delay_taken_back_before_the_date_asks_nothing_any_more(first: float | None) -> None:
    told = (move(-20, first), move(-15, 0))
    assert open_question(stands(-10, *told)) is None
    assert ended(stands(40, *told)) == cancelled(1, Why.MISSED)


def test_a_further_delay_taken_back_leaves_the_date_that_was_agreed_to() -> None:
    found = stands(5, move(-5, 10), move(2, 40), move(4, 10))
    assert (open_question(found), found.bound) == (None, days(10))


# Several moves before any answer.


def test_the_last_question_takes_the_place_of_the_first_and_never_its_deadline_further() -> None:
    assert open_question(stands(-1, move(-9, 60), move(-5, 90))) == (Silence.CANCELS, days(30))
    assert open_question(stands(20, move(-9, 60), move(10, 90))) == (Silence.CANCELS, days(30))
    assert open_question(stands(-1, move(-9, 60), move(-5, 20))) == (Silence.AGREES, T)
    assert open_question(stands(20, move(-9, 60), move(10, 25))) == (Silence.CANCELS, days(30))
    assert open_question(stands(-1, move(-9, 10), move(-5, 6))) == (Silence.AGREES, T)
    assert stands(-1, move(-9, 60), move(-5, 90), yes(-2)).bound == days(90)


def test_a_yes_to_a_date_missed_meanwhile_waits_as_long_as_the_question_could_be_answered() -> None:
    told = (move(-5, None), move(1, 3))
    assert open_question(stands(9, *told)) == (Silence.CANCELS, days(30))
    found = stands(10, *told, yes(10))
    assert (open_question(found), found.bound, found.changes_at) == (None, days(30), days(31))
    assert ended(stands(40, *told, yes(3.9))) == cancelled(4, Why.MISSED)


def test_a_yes_to_a_date_that_had_passed_when_it_was_told_ends_nothing_before_it_was_said() -> None:
    assert stands(0.5, move(0.25, -5), yes(0.5)).state is State.WAITING


def test_an_answer_before_a_later_move_does_not_answer_it() -> None:
    found = stands(9, move(-9, 10), yes(-8), move(-5, 40))
    assert open_question(found) == (Silence.CANCELS, days(10))


def test_silence_carries_a_buyer_along_once() -> None:
    assert open_question(stands(-1, move(-9, 10), move(-5, 20))) == (Silence.CANCELS, days(10))


# The buyer and the creator.


@pytest.mark.parametrize("told", [(), (move(-9, 10),), (move(-9, 60),), (move(-9, 60), yes(-8))])
def test_a_buyer_cancels_at_any_time_before_the_launch_at_once(told: tuple[Move | Answer, ...]) -> None:
    assert ended(stands(99, *told, no(-3))) == cancelled(-3, Why.BUYER)
    assert stands(99, *told, no(-3), launched_at=days(-3)).state is State.LAUNCHED
    assert stands(99, *told, no(-1), launched_at=days(-3)).state is State.LAUNCHED


def test_whoever_has_cancelled_stays_cancelled() -> None:
    assert ended(stands(99, move(-9, 10), no(-3), yes(-2), launched_at=days(-1))) == cancelled(-3, Why.BUYER)


def test_giving_up_ends_an_order_at_once_unless_it_has_launched_or_ended() -> None:
    assert ended(stands(9, gave_up_at=days(-7))) == cancelled(-7, Why.CREATOR)
    assert stands(9, gave_up_at=days(-7), launched_at=days(-8)).state is State.LAUNCHED
    assert ended(stands(9, gave_up_at=days(7))) == cancelled(1, Why.MISSED)


def test_an_answer_to_nothing_changes_nothing() -> None:
    assert stands(-1, yes(-2)) == stands(-1)


@pytest.mark.parametrize(
    ("wall", "zone", "fold"),
    [
        ("2027-03-14T03:30", "America/New_York", None),
        ("2026-10-25T02:30", "Europe/Berlin", 0),
        ("2026-10-25T02:30", "Europe/Berlin", 1),
        ("2027-04-04T01:45", "Australia/Lord_Howe", 1),
    ],
)
def test_thirty_days_and_24_hours_are_counted_in_real_hours_whatever_the_clocks_do(
    wall: str, zone: str, fold: int | None
) -> None:
    meant = datetime.fromisoformat(wall)
    before, after = (resolve(each, zone, fold) for each in (meant.replace(day=1), meant))
    assert isinstance(before, Moment)
    assert isinstance(after, Moment)
    told = Case(after.at, [Move(before.at - 9 * DAY, after.at + 720 * HOUR)])
    assert open_question(decide(told, before.at - DAY)) == (Silence.AGREES, after.at)
    assert open_question(
        decide(replace(told, moves=[Move(before.at - 9 * DAY, after.at + 721 * HOUR)]), before.at)
    ) == (
        Silence.CANCELS,
        after.at + 720 * HOUR,
    )
    assert decide(Case(after.at), after.at + 24 * HOUR).since == after.at + 24 * HOUR


# Laws that hold whatever happens.

steps = some.integers(-60 * 4, 100 * 4).map(lambda quarter: days(quarter / 4))
moves = some.lists(some.builds(Move, steps, some.none() | steps), max_size=5)
answers = some.lists(some.builds(Answer, steps, some.sampled_from([True, True, False])), max_size=5)


def by_time(case: Case) -> Case:
    told, said = sorted(case.moves, key=lambda one: one.at), sorted(case.answers, key=lambda one: one.at)
    return replace(case, moves=told, answers=said)


cases = some.builds(Case, some.just(T), moves, answers, some.none() | steps, some.none() | steps).map(by_time)


@given(cases, steps)
def test_a_verdict_is_whole(case: Case, now: datetime) -> None:
    found = decide(case, now)
    assert (found.since is None) == (found.state is State.WAITING) == found.may_cancel
    assert found.since is None or found.since <= now
    assert found.changes_at is None or (found.changes_at > now and found.state is State.WAITING)
    assert found.question is None or (found.state is State.WAITING and found.question.deadline > now)
    assert because(case, found).endswith(".")


@given(cases, steps, steps)
def test_what_has_ended_never_changes_and_the_future_is_not_looked_at(case: Case, a: datetime, b: datetime) -> None:
    early, late = sorted((a, b))
    found = decide(case, early)
    if found.state is not State.WAITING:
        assert decide(case, late) == found
    past = Case(
        case.by,
        [each for each in case.moves if each.at <= early],
        [each for each in case.answers if each.at <= early],
        case.gave_up_at if case.gave_up_at and case.gave_up_at <= early else None,
        case.launched_at if case.launched_at and case.launched_at <= early else None,
    )
    assert decide(past, early) == found


@given(cases, steps)
def test_nothing_changes_by_itself_before_it_was_said(case: Case, now: datetime) -> None:
    quiet = Case(case.by, [m for m in case.moves if m.at <= now], [a for a in case.answers if a.at <= now])
    found = decide(quiet, now)
    if found.state is State.WAITING and found.changes_at is not None:
        assert replace(decide(quiet, found.changes_at - MOMENT), why=found.why) == found
        later = decide(quiet, found.changes_at)
        assert later.state is State.CANCELLED or later.bound != found.bound


@given(cases, steps)
def test_a_silent_buyer_never_waits_longer_than_30_days_and_24_hours(case: Case, now: datetime) -> None:
    silent = replace(case, answers=[])
    found = decide(silent, now)
    assert found.state is not State.WAITING or now < T + 31 * DAY


@given(cases, steps)
def test_a_word_less_never_makes_a_buyer_wait_longer(case: Case, now: datetime) -> None:
    """Taking the last yes away never turns an ended order into a waiting one, but for a yes that bound to a nearer date
    than the 30 days of a first notice, which are still open to whoever said nothing.
    """
    said = [each for each in case.answers if each.wait]
    if decide(case, now).state is State.CANCELLED and said:
        without = [each for each in case.answers if each is not said[-1]]
        found = decide(replace(case, answers=without), now)
        assert found.state is not State.WAITING or (found.question and found.question.rule is Rule.LONG)


@given(cases, steps)
def test_nothing_ends_before_the_word_that_ends_it(case: Case, now: datetime) -> None:
    """At the instant since when an order has ended, the rules said so already, and a moment earlier they did not."""
    found = decide(case, now)
    if found.since is not None:
        assert decide(case, found.since) == found
        assert decide(case, found.since - MOMENT).state is State.WAITING


@given(cases, steps)
def test_cancelling_works_whenever_the_verdict_says_so(case: Case, now: datetime) -> None:
    past = replace(case, answers=[each for each in case.answers if each.at <= now], launched_at=None, gave_up_at=None)
    if decide(past, now).may_cancel:
        gone = decide(by_time(replace(past, answers=[*past.answers, Answer(now, wait=False)])), now)
        assert gone.state is State.CANCELLED
        assert gone.since == now


@given(cases, steps)
def test_rules_of_questions_fit_what_silence_does(case: Case, now: datetime) -> None:
    question = decide(case, now).question
    if question is not None:
        assert (question.silence is Silence.AGREES) == (question.rule is Rule.SHORT)
