"""`storefront delay explain`: cases in, verdicts out, and what it says of lines that are none."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from storefront import cli
from storefront.explain import delay

BY = "2027-05-12T08:00:00Z"
MOVED = {"at": "2027-05-01T08:00:00Z", "to": "2027-07-12T08:00:00Z"}


def case(**facts: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "moves": [],
        "gave_up_at": None,
        "answers": [],
        "launched_at": None,
        "now": "2027-05-10T08:00:00Z",
    }
    return {"promise": {"not_before": BY, "by": BY}} | whole | facts


def explain(*lines: object) -> Result:
    text = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)
    return CliRunner().invoke(delay, ["explain"], input=text)


def answers(result: Result) -> list[dict[str, Any]]:
    return [json.loads(each) for each in result.stdout.splitlines()]


def test_a_case_gets_its_verdict() -> None:
    result = explain(case(moves=[MOVED]))
    (found,) = answers(result)
    assert result.exit_code == 0
    assert found.pop("because").startswith("The first delay")
    assert found == {
        "state": "waiting",
        "since": None,
        "silence": "cancels",
        "deadline": "2027-06-11T08:00:00Z",
        "may_cancel": True,
    }


@pytest.mark.parametrize(
    ("facts", "state", "since", "said"),
    [
        ({"launched_at": BY, "now": BY}, "launched", BY, "withdrawal"),
        ({"now": "2028-01-01T00:00:00Z"}, "cancelled", "2027-05-13T08:00:00Z", "24 hours more"),
        ({"gave_up_at": "2027-05-02T00:00:00+00:00"}, "cancelled", "2027-05-02T00:00:00Z", "gave it up"),
        (
            {"answers": [{"at": "2027-05-02T12:00:00+02:00", "answer": "cancel"}]},
            "cancelled",
            "2027-05-02T10:00:00Z",
            "cancelled before",
        ),
    ],
)
def test_it_says_what_has_ended_since_when_and_why(facts: dict[str, Any], state: str, since: str, said: str) -> None:
    (found,) = answers(explain(case(**facts)))
    assert (found["state"], found["since"], found["may_cancel"]) == (state, since, False)
    assert (found["silence"], found["deadline"]) == (None, None)
    assert said in found["because"]


@pytest.mark.parametrize("promise", [{"not_before": None, "by": BY}, {"by": BY}, {"not_before": BY, "by": None}])
def test_either_instant_of_a_promise_is_enough(promise: dict[str, Any]) -> None:
    (found,) = answers(explain(case(promise=promise, now="2027-05-13T08:00:00Z")))
    assert found["since"] == "2027-05-13T08:00:00Z"


def test_lists_that_are_missing_are_empty_and_blank_lines_nothing() -> None:
    result = explain("", {"promise": {"by": BY}, "now": BY}, "   ")
    assert [each["state"] for each in answers(result)] == ["waiting"]


BROKEN = [
    ("oops", "not JSON (Expecting value at character 1)"),
    ("[]", "JSON object"),
    ("[" * 100_000, "not JSON"),
    ({"now": BY}, '"promise" is missing'),
    ({"promise": {}, "now": BY}, '"promise.by" is missing'),
    (case(now=None), '"now" is missing'),
    (case(now="2027-05-12T08:00:00"), "Write ISO 8601 in UTC"),
    (case(now="0001-01-01T00:00:00+23:00"), "no instant"),
    (case(now=7), "no instant"),
    (case(moves={}), "no list"),
    (case(moves=False), "no list"),
    (case(answers=""), "no list"),
    (case(promise=[]), '"promise" is no object'),
    (case(promise={"by": "9999-12-31T23:59:59Z"}), "the calendar ends"),
    (case(moves=[{"at": BY, "to": "9999-12-31T23:59:59Z"}]), "the calendar ends"),
    (case(moves={"at": BY}), "no list"),
    (case(moves=[BY]), '"moves[0]" is no object'),
    (case(moves=[{"to": BY}]), '"moves[0].at" is missing'),
    (case(answers=[{"at": BY, "answer": "yes"}]), 'Write "wait" or "cancel"'),
    (case(answers=[{"at": BY, "answer": []}]), 'Write "wait" or "cancel"'),
]


@pytest.mark.parametrize(("line", "said"), BROKEN)
def test_a_line_that_cannot_be_read_says_what_to_write_and_the_others_are_answered(line: object, said: str) -> None:
    result = explain(case(), line, case())
    first, broken, last = answers(result)
    assert first == last
    assert said in broken["error"]
    assert "line 2" in result.stderr
    assert said in result.stderr
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("facts", "because"),
    [
        (
            {"moves": [{"at": "2027-05-01T08:00:00Z", "to": "2027-06-11T08:00:00Z"}]},
            (
                "The first delay, to 2027-06-11T08:00:00Z, is within 30 days of 2027-05-12T08:00:00Z: silence agrees to it "
                "when 2027-05-12T08:00:00Z comes."
            ),
        ),
        (
            {"moves": [MOVED]},
            (
                "The first delay, to 2027-07-12T08:00:00Z, is beyond 30 days of 2027-05-12T08:00:00Z: without a yes or a "
                "launch by 2027-06-11T08:00:00Z the order is cancelled."
            ),
        ),
        (
            {"moves": [MOVED | {"to": None}]},
            (
                "The first delay is to no date, and needs a yes: without a yes or a launch by 2027-06-11T08:00:00Z the order "
                "is cancelled."
            ),
        ),
        (
            {
                "moves": [MOVED, {"at": "2027-05-20T08:00:00Z", "to": "2027-05-25T08:00:00Z"}],
                "now": "2027-05-21T08:00:00Z",
            },
            (
                "The first delay needs a yes, though 2027-05-25T08:00:00Z was named after 2027-05-12T08:00:00Z had come: "
                "without a yes or a launch by 2027-06-11T08:00:00Z the order is cancelled."
            ),
        ),
        (
            {"moves": [MOVED | {"to": "2027-05-14T08:00:00Z"}, MOVED | {"at": "2027-05-02T08:00:00Z"}]},
            (
                "It is a further delay, to 2027-07-12T08:00:00Z: without a yes or a launch by 2027-05-14T08:00:00Z, the date "
                "agreed to, the order is cancelled."
            ),
        ),
        (
            {"moves": [MOVED | {"at": BY}], "now": BY},
            (
                "The move to 2027-07-12T08:00:00Z was told only once the date had come: without a yes before "
                "2027-05-13T08:00:00Z, or a launch by then, the order is cancelled."
            ),
        ),
        (
            {"now": BY},
            (
                "The launch runs late: 2027-05-12T08:00:00Z has come, and without a launch by 2027-05-13T08:00:00Z the order "
                "is cancelled."
            ),
        ),
    ],
)
def test_a_sentence_says_what_is_true_of_an_order_that_waits(facts: dict[str, Any], because: str) -> None:
    (found,) = answers(explain(case(**facts)))
    assert found["because"] == f"{because} The buyer may cancel at any time until the launch."


@pytest.mark.parametrize(
    ("facts", "because"),
    [
        (
            {"launched_at": "2027-05-12T20:00:00Z"},
            "It launched within 24 hours of 2027-05-12T08:00:00Z, the date promised.",
        ),
        (
            {"moves": [MOVED], "launched_at": "2027-05-20T08:00:00Z"},
            "It launched after 2027-05-12T08:00:00Z, the date promised, and before a missed date or silence ended the order.",
        ),
        ({}, "2027-05-12T08:00:00Z passed without a launch, no later date stood, and 24 hours more went by:"),
        ({"moves": [MOVED]}, "The first delay needed a yes or a launch within 30 days of 2027-05-12T08:00:00Z,"),
        (
            {"moves": [MOVED | {"to": "2027-05-14T08:00:00Z"}, MOVED | {"at": "2027-05-02T08:00:00Z"}]},
            "No yes to a further delay and no launch came by 2027-05-14T08:00:00Z, the date agreed to: silence cancels.",
        ),
        (
            {"moves": [MOVED | {"at": BY}]},
            "The move was told only once 2027-05-12T08:00:00Z had come, and no yes and no launch came within 24 hours of it:",
        ),
    ],
)
def test_a_sentence_says_what_ended_the_waiting(facts: dict[str, Any], because: str) -> None:
    (found,) = answers(explain(case(now="2028-01-01T00:00:00Z", **facts)))
    assert found["because"].startswith(because)


def test_verdicts_are_utf_8_whatever_the_terminal_speaks(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "storefront.command", "delay", "explain"]
    speaks = {"PYTHONPATH": str(Path.cwd()), "PATH": os.environ["PATH"], "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(
        command, input=b"[]\n", capture_output=True, cwd=tmp_path, env=speaks, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "…" in json.loads(done.stdout.decode())["error"]


def test_bytes_that_are_no_text_are_an_error_too() -> None:
    result = CliRunner().invoke(delay, ["explain"], input=b"\xff\xfe\n")
    assert "not JSON" in answers(result)[0]["error"]


def test_it_needs_no_settings_and_no_database(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "storefront.command", "delay", "explain"]
    done = subprocess.run(
        command,
        input=json.dumps(case()),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path.cwd()), "PATH": os.environ["PATH"]},
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout)["state"] == "waiting"
    assert not any(heavy in done.stderr for heavy in ("sqlalchemy", "flask", "stripe"))
    assert list(tmp_path.iterdir()) == []


def test_the_other_door_to_the_commands_has_it_too() -> None:
    assert cli.main.commands["delay"] is delay
