"""When a phone may ring, which refusal is about an address, and which letters are texted."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.rules.channels import ALONGSIDE, INSTEAD, is_address_fault, is_final, may_ring

BERLIN, NEW_YORK, KOLKATA, APIA = "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia"
ZONES = [BERLIN, NEW_YORK, KOLKATA, APIA, "Pacific/Honolulu", "Australia/Lord_Howe", "Europe/London", "Asia/Kamchatka"]


def there(zone: str, wall: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "now", "rings"),
    [
        (BERLIN, "2027-06-01T20:59:59", "2027-06-01T20:59:59"),
        (BERLIN, "2027-06-01T21:00:00", "2027-06-02T08:00:00"),
        (BERLIN, "2027-06-02T00:30:00", "2027-06-02T08:00:00"),
        (BERLIN, "2027-06-02T07:59:59", "2027-06-02T08:00:00"),
        (BERLIN, "2027-06-02T08:00:00", "2027-06-02T08:00:00"),
        # The night in which the clocks go forward is an hour shorter, that in which they go back an hour longer.
        (BERLIN, "2027-03-27T23:00:00", "2027-03-28T08:00:00"),
        (BERLIN, "2027-10-30T23:00:00", "2027-10-31T08:00:00"),
        (NEW_YORK, "2027-03-13T21:30:00", "2027-03-14T08:00:00"),
        (KOLKATA, "2027-01-01T21:00:00", "2027-01-02T08:00:00"),
        (APIA, "2027-12-31T22:00:00", "2028-01-01T08:00:00"),
    ],
)
def test_a_phone_rings_by_day_where_it_is(zone: str, now: str, rings: str) -> None:
    assert may_ring("moved", [zone], there(zone, now)) == there(zone, rings)


def test_a_night_with_a_change_of_clocks_is_as_long_as_it_is() -> None:
    evening = there(BERLIN, "2027-03-27T21:00:00")
    assert may_ring("moved", [BERLIN], evening) - evening == timedelta(hours=10)
    evening = there(BERLIN, "2027-10-30T21:00:00")
    assert may_ring("moved", [BERLIN], evening) - evening == timedelta(hours=12)


@pytest.mark.parametrize("kind", ["access", "code"])
def test_what_somebody_waits_for_may_come_at_night(kind: str) -> None:
    night = there(BERLIN, "2027-06-01T03:00:00")
    assert may_ring(kind, [BERLIN], night) == night


def test_a_number_of_a_wide_country_rings_when_it_is_day_in_all_of_it() -> None:
    wide = ["Europe/Moscow", "Asia/Kamchatka"]
    rings = may_ring("moved", wide, there("Europe/Moscow", "2027-06-01T13:00:00"))
    assert rings == there("Europe/Moscow", "2027-06-02T08:00:00")
    assert rings.astimezone(ZoneInfo("Asia/Kamchatka")).hour == 17


def test_where_no_hour_is_day_everywhere_the_first_zone_decides() -> None:
    nowhere = [BERLIN, "Pacific/Honolulu", "Pacific/Auckland"]
    assert may_ring("moved", nowhere, there(BERLIN, "2027-06-01T22:00:00")) >= there(BERLIN, "2027-06-02T08:00:00")
    noon = there(BERLIN, "2027-06-01T12:00:00")
    assert may_ring("moved", nowhere, noon) <= noon + timedelta(days=1)


def test_without_a_known_zone_utc_decides() -> None:
    assert may_ring("moved", [], datetime(2027, 6, 1, 23, tzinfo=UTC)) == datetime(2027, 6, 2, 8, tzinfo=UTC)


@given(st.sampled_from(ZONES), st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001 (made aware below)
def test_it_is_never_quiet_when_a_phone_rings_and_never_later_than_needed(zone: str, at: datetime) -> None:
    now = at.replace(tzinfo=UTC)
    rings = may_ring("moved", [zone], now)
    assert 8 <= rings.astimezone(ZoneInfo(zone)).hour < 21
    assert timedelta() <= rings - now <= timedelta(hours=12)
    if rings > now:
        before = rings - timedelta(seconds=1)
        assert not 8 <= before.astimezone(ZoneInfo(zone)).hour < 21
    assert may_ring("moved", [zone], rings) == rings


@pytest.mark.parametrize(
    ("code", "said", "address"),
    [
        (550, "5.1.1 no such user", True),
        (550, "no such person", True),
        (551, "User not local", True),
        (553, "mailbox name not allowed", True),
        (552, "5.2.2 mailbox full", True),
        (550, "5.2.1 mailbox disabled", True),
        (550, "5.4.4 no route to domain", True),
        (554, "delivery error: this user doesn't have an account", True),
        (550, "5.7.1 relaying denied", False),
        (550, "Relay access denied", False),
        (550, "5.1.8 bad sender's system", False),
        (553, "5.1.7 bad sender address", False),
        (554, "5.7.1 rejected as spam", False),
        (554, "blocked by policy", False),
        (530, "Must issue a STARTTLS command first", False),
        (535, "authentication failed", False),
        (552, "5.3.4 message too big", False),
        (550, "5.6.1 media not supported", False),
    ],
)
def test_only_what_is_wrong_with_the_address_lets_it_rest(code: int, said: str, address: bool) -> None:  # noqa: FBT001
    assert is_address_fault(code, said) is address


def test_what_came_back_for_a_while_is_believed_after_four_tries() -> None:
    assert [is_final(permanent=False, tries=n) for n in range(6)] == [False] * 4 + [True] * 2
    assert is_final(permanent=True, tries=0)


def test_what_is_texted_is_named_and_carries_no_letter_to_a_creator() -> None:
    assert ALONGSIDE < INSTEAD
    assert not {"task", "missed", "rehearsed", "launch_stopped", "address_old", "on_the_list"} & INSTEAD
