"""A verdict of the delay rules as a sentence that names its row, with instants in UTC."""

from datetime import datetime

from storefront.rules.delay import RUNS_LATE, SILENCE_AGREES_WITHIN, Case, Question, Rule, State, Verdict, Why, instant

AFTERWARDS = "From here on the withdrawal rules say how the buyer may leave."


def because(case: Case, verdict: Verdict) -> str:
    """Why an order stands as it does, and what would end that."""
    if verdict.state is State.LAUNCHED:
        return _launched(case, verdict)
    if verdict.state is State.CANCELLED:
        return _cancelled(case, verdict)
    return f"{_waiting(case, verdict)} The buyer may cancel at any time until the launch."


def _launched(case: Case, verdict: Verdict) -> str:
    at = verdict.since or case.by
    if at <= case.by:
        how = "by the date promised"
    elif at <= case.by + RUNS_LATE:
        how = f"within 24 hours of {instant(case.by)}, the date promised"
    else:
        how = f"after {instant(case.by)}, the date promised, and before a missed date or silence ended the order"
    return f"It launched {how}. {AFTERWARDS}"


def _cancelled(case: Case, verdict: Verdict) -> str:
    if verdict.why is Why.BUYER:
        return "The buyer cancelled before the launch, which they may at any time."
    if verdict.why is Why.CREATOR:
        return "The creator gave it up, which ends the order at once."
    since = verdict.since or case.by
    if verdict.why is Why.MISSED:
        date = instant(since - RUNS_LATE)
        return f"{date} passed without a launch, no later date stood, and 24 hours more went by: the order counts as cancelled."
    return f"{_silent(case, verdict.rule, since)}: silence cancels."


def _silent(case: Case, rule: Rule | None, since: datetime) -> str:
    if rule is Rule.RENEWED:
        return f"No yes to a further delay and no launch came by {instant(since)}, the date agreed to"
    if rule is Rule.LATE:
        date = instant(since - RUNS_LATE)
        return f"The move was told only once {date} had come, and no yes and no launch came within 24 hours of it"
    return f"The first delay needed a yes or a launch within 30 days of {instant(case.by)}, and neither came"


def _waiting(case: Case, verdict: Verdict) -> str:
    if verdict.question is not None:
        return _open(case, verdict.question)
    if verdict.bound is None:
        return "The buyer agreed to wait without a date, and no further answer is owed."
    date = instant(verdict.bound)
    if verdict.why is Why.RUNS_LATE:
        ends = instant(verdict.bound + RUNS_LATE)
        return f"The launch runs late: {date} has come, and without a launch by {ends} the order is cancelled."
    agreed = "the buyer agreed to" if verdict.why is Why.AGREED else "was promised"
    return f"It waits for {date}, which {agreed}; nothing is asked."


def _open(case: Case, question: Question) -> str:
    until, by = instant(question.deadline), instant(case.by)
    to = f"to {instant(question.to)}" if question.to else "to no date"
    said = {
        Rule.SHORT: f"The first delay, {to}, is within 30 days of {by}: silence agrees to it when {until} comes.",
        Rule.LONG: f"{_far(case, question)}: without a yes or a launch by {until} the order is cancelled.",
        Rule.RENEWED: f"It is a further delay, {to}: without a yes or a launch by {until}, the date agreed to, "
        "the order is cancelled.",
        Rule.LATE: f"The move {to} was told only once the date had come: without a yes before {until}, or a launch by then, "
        "the order is cancelled.",
    }
    return said[question.rule]


def _far(case: Case, question: Question) -> str:
    """Why silence does not agree; a nearer date that is told only after the promised one does not change that."""
    if question.to is None:
        return "The first delay is to no date, and needs a yes"
    if question.to > case.by + SILENCE_AGREES_WITHIN:
        return f"The first delay, to {instant(question.to)}, is beyond 30 days of {instant(case.by)}"
    return f"The first delay needs a yes, though {instant(question.to)} was named after {instant(case.by)} had come"
