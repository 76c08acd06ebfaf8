"""What a bank is told: drafted from the facts, never longer than Stripe takes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from storefront.rules.evidence import FIELDS, LONGEST, TOTAL, Case, Seen, Sent, Told, Waived, draft, faults

T = datetime(2027, 5, 12, 8, tzinfo=UTC)
PROMISE = Told(
    1, T - timedelta(days=30), T, "Europe/Berlin", "29.00 €", "ordered", "Policy, version 1\nEverything back."
)
CASE = Case(
    number="FC-7K2M-94",
    title="Databases by Hand",
    kind="course",
    lead="Build one.",
    creator="Ines Okafor",
    price="29.00 €",
    email="miriam@posteo.de",
    card="Visa ending 4242",
    placed_at=T - timedelta(days=30),
    promises=[PROMISE],
    inside="12 lessons",
    launched_at=T,
    granted_at=T,
    letters=[Sent("Access link", "miriam@posteo.de", T, "<letter-7.1@forthcoming.example>")],
    seen=[Seen(T + timedelta(hours=1), "lesson read: What a page is")],
)


def test_every_fact_finds_its_field() -> None:
    told = draft(CASE)
    assert set(told) == {each.name for each in FIELDS}
    assert told["customer_email_address"] == "miriam@posteo.de"
    assert told["service_date"] == "2027-05-12"
    assert "2027-05-12 09:00:00 UTC  lesson read: What a page is" in told["access_activity_log"]
    assert "12 lessons" in told["product_description"]
    assert "Everything back." in told["refund_policy_disclosure"]
    assert "<letter-7.1@forthcoming.example>" in told["uncategorized_text"]
    assert "version 1: 29.00 €" in told["uncategorized_text"]
    assert "asked for no cancellation" in told["refund_refusal_explanation"]
    assert "cancel at any time before the launch" in told["cancellation_policy_disclosure"]
    assert faults(told) == {}


def test_what_nothing_is_known_of_stays_empty() -> None:
    told = draft(replace(CASE, promises=[], letters=[], seen=[], granted_at=None, launched_at=None))
    assert told["access_activity_log"] == told["service_date"] == told["refund_policy_disclosure"] == ""
    assert told["customer_name"] == ""
    assert "None" not in " ".join(told.values())


def test_a_purchase_is_not_said_to_have_been_cancellable_before_the_launch() -> None:
    told = draft(replace(CASE, placed_at=T + timedelta(days=9)))
    assert "before the launch" not in told["cancellation_policy_disclosure"]


def test_the_days_to_withdraw_are_those_of_the_promise() -> None:
    assert "within 14 days of" in draft(CASE)["cancellation_policy_disclosure"]
    assert "within 30 days of" in draft(replace(CASE, days=30))["cancellation_policy_disclosure"]


def test_a_sellers_cancellation_is_not_called_the_buyers() -> None:
    told = draft(replace(CASE, cancel_wished_at=T, cancel_who="creator:3"))["refund_refusal_explanation"]
    assert told.startswith("The seller’s cancellation of 2027-05-12")


def test_a_cancellation_that_came_is_owned_to() -> None:
    told = draft(replace(CASE, cancel_wished_at=T, refunded="5.00 €"))["refund_refusal_explanation"]
    assert told.startswith("5.00 € were refunded before the dispute.")
    assert "cancellation of 2027-05-12 08:00:00 UTC" in told


def test_a_long_log_is_cut_at_a_line_and_says_how_much_more_there_is() -> None:
    seen = [Seen(T + timedelta(minutes=n), f"lesson read: {n}" + "x" * 60) for n in range(2000)]
    told = draft(replace(CASE, seen=seen))["access_activity_log"]
    assert LONGEST - 200 < len(told) <= LONGEST
    assert told.endswith("lines more, on request.")


def test_one_endless_line_is_cut_too() -> None:
    told = draft(replace(CASE, promises=[replace(PROMISE, policy="x" * 50_000)]))
    assert faults(told) == {}


def test_what_stripe_would_refuse_is_said_before() -> None:
    assert faults({"product_description": "x" * LONGEST}) == {}
    assert "20,001 characters" in faults({"product_description": "x" * (LONGEST + 1)})["product_description"]
    assert "5,000" in faults({"customer_name": "x" * 5001})["customer_name"]
    assert faults({"product_description": ""})[""] == "There is nothing to send yet."
    assert "in all" in faults(dict.fromkeys(map(str, range(8)), "x" * LONGEST))[""]
    assert 8 * LONGEST > TOTAL


def test_the_consent_at_first_access_is_put_before_the_bank_in_its_own_words() -> None:
    waived = Waived(T + timedelta(hours=1), "Delivery begins at once, as I ask.", "w-1")
    told = draft(replace(CASE, waived=waived))["cancellation_policy_disclosure"]
    assert "On 2027-05-12 09:00:00 UTC" in told
    assert "“Delivery begins at once, as I ask.” (version w-1 of the text)" in told
    assert "agreed" not in draft(CASE)["cancellation_policy_disclosure"]
