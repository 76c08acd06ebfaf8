"""How money is secured, and what becomes of a hold when the day moves."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.rules.charge import GRACE, HOLD_MARGIN, Mode, Plan, grace_until, mode, plan, preflight_at

NOW = datetime(2027, 3, 27, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SPANS = st.timedeltas(timedelta(), timedelta(days=400))


@pytest.mark.parametrize(
    ("ahead", "upfront", "expected"),
    [
        (timedelta(days=5), False, Mode.HOLD),
        (timedelta(days=5) + SECOND, False, Mode.SAVE_CARD),
        (timedelta(seconds=1), False, Mode.HOLD),
        (timedelta(days=90), True, Mode.PAY_NOW),
        (timedelta(days=90) + SECOND, True, Mode.SAVE_CARD),
        (timedelta(days=2), True, Mode.PAY_NOW),
        (None, True, Mode.SAVE_CARD),
        (None, False, Mode.SAVE_CARD),
    ],
)
def test_the_mode_follows_the_distance_of_the_day(ahead: timedelta | None, expected: Mode, *, upfront: bool) -> None:
    at = None if ahead is None else NOW + ahead
    assert mode(out=False, launch_at=at, upfront=upfront, now=NOW) is expected


@pytest.mark.parametrize("upfront", [True, False])
def test_what_is_out_is_paid_now(*, upfront: bool) -> None:
    assert mode(out=True, launch_at=NOW - SECOND, upfront=upfront, now=NOW) is Mode.PAY_NOW


@pytest.mark.parametrize(
    ("ahead", "lives", "card_kept", "expected"),
    [
        (timedelta(days=3), timedelta(days=4), True, Plan.KEEP),
        (timedelta(days=3), timedelta(days=4), False, Plan.KEEP),
        (timedelta(days=3), timedelta(days=4) - SECOND, True, Plan.WAIT),
        (timedelta(days=3), timedelta(days=4) - SECOND, False, Plan.ASK),
        (timedelta(hours=48), timedelta(hours=50), True, Plan.RENEW),
        (timedelta(hours=48) + SECOND, timedelta(hours=50), True, Plan.WAIT),
    ],
)
def test_a_hold_is_kept_given_up_renewed_or_asked_for(
    ahead: timedelta, lives: timedelta, expected: Plan, *, card_kept: bool
) -> None:
    assert plan(NOW + ahead, NOW + lives, card_kept=card_kept, now=NOW) is expected


@given(SPANS, SPANS, st.booleans())
@settings(max_examples=60)
def test_a_hold_is_kept_only_where_it_outlives_the_launch_by_a_day(
    ahead: timedelta,
    lives: timedelta,
    card_kept: bool,  # noqa: FBT001 (drawn)
) -> None:
    kept = plan(NOW + ahead, NOW + lives, card_kept=card_kept, now=NOW) is Plan.KEEP
    assert kept == (lives >= ahead + HOLD_MARGIN)


@given(SPANS)
@settings(max_examples=60)
def test_a_hold_taken_at_checkout_still_lives_at_the_launch(ahead: timedelta) -> None:
    """Holds live about seven days; one that is taken at order or pre-flight is never planned past that."""
    if mode(out=False, launch_at=NOW + ahead, upfront=False, now=NOW) is Mode.HOLD:
        assert plan(NOW + ahead, NOW + timedelta(days=7), card_kept=True, now=NOW) is Plan.KEEP
    asked = preflight_at(NOW + ahead)
    assert plan(NOW + ahead, asked + timedelta(days=7), card_kept=True, now=asked) is Plan.KEEP


@given(SPANS, SPANS)
@settings(max_examples=40)
def test_the_grace_is_seven_days_from_the_later_of_decline_and_launch(declined: timedelta, launch: timedelta) -> None:
    until = grace_until(NOW + declined, NOW + launch)
    assert until == NOW + max(declined, launch) + GRACE
