"""A verdict of the delay rules as a sentence that names its row, with instants in UTC."""

from storefront.rules.delay import Case, Question, Rule, Silence, State, Verdict, Why, instant

AFTERWARDS = "From here on the withdrawal rules say how the buyer may leave."


def because(case: Case, verdict: Verdict) -> str:
    """Why an order stands as it does, and what would end that."""
    if verdict.state is State.LAUNCHED:
        return _launched(case, verdict)
    if verdict.state is State.CANCELLED:
        return _cancelled(case, verdict)
    return f"{_waiting(case, verdict)} The buyer may cancel at any time until the launch."


def _launched(case: Case, verdict: Verdict) -> str:
    late = verdict.since is not None and verdict.since > case.by
    how = (
        "after the day first promised, by a delay that stood or within 24 hours" if late else "within what was promised"
    )
    return f"It launched {how}. {AFTERWARDS}"


def _cancelled(case: Case, verdict: Verdict) -> str:
    said = {
        Why.BUYER: "The buyer cancelled before the launch, which they may at any time.",
        Why.CREATOR: "The creator gave it up, which ends the order at once.",
        Why.MISSED: "The date passed without a launch or a word, and 24 hours more: the order counts as cancelled.",
    }
    return said.get(verdict.why) or _silent(case, verdict)


def _silent(case: Case, verdict: Verdict) -> str:
    said = {
        Rule.LONG: "The delay goes beyond 30 days or names no date, and no yes and no launch came within 30 days of "
        f"{instant(case.by)}: silence cancels.",
        Rule.RENEWED: "The date agreed to was to be missed too, and no yes to the new one came by then: silence cancels.",
        Rule.LATE: "The move was told only after the date, and no yes and no launch came within 24 hours of it: "
        "silence cancels.",
    }
    return said[verdict.rule or Rule.LONG]


def _waiting(case: Case, verdict: Verdict) -> str:
    if verdict.question is not None:
        return _open(case, verdict.question)
    if verdict.bound is None:
        return "The buyer agreed to wait without a date, and no further answer is owed."
    date = instant(verdict.bound)
    if verdict.why is Why.RUNS_LATE:
        return f"The launch runs late: {date} has passed, and the order is cancelled 24 hours after it."
    agreed = "the buyer agreed to" if verdict.why is Why.AGREED else "was promised"
    return f"It waits for {date}, which {agreed}; nothing is asked."


def _open(case: Case, question: Question) -> str:
    until, to = instant(question.deadline), f"to {instant(question.to)}" if question.to else "to no date"
    if question.silence is Silence.AGREES:
        return f"The first delay, {to}, is within 30 days of {instant(case.by)}: silence agrees when that comes."
    said = {
        Rule.LONG: f"The first delay, {to}, is beyond 30 days or open: without a yes or a launch by {until} it is cancelled.",
        Rule.RENEWED: f"It is a further delay, {to}: without a yes by {until}, the date before it, it is cancelled.",
        Rule.LATE: f"The move {to} was told after the date: without a yes or a launch before {until} it is cancelled.",
    }
    return said[question.rule]
