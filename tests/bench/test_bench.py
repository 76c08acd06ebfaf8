"""The bench runs, and its figures have the form that was promised; how fast is no matter here."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.figures import Figure
from tests.bench.parts import ROOT

LINE = re.compile(r"\w+ -?\d+\.\d\d [\w/]+ \(floor (-|\d+\.\d\d), ratio (-|-?\d+\.\d\d)\)")


@pytest.mark.timeout(900)
def test_a_bench_of_a_few_orders_prints_and_keeps_its_figures(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.bench", "--tiny", "--out", str(tmp_path / "bench.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert all(LINE.fullmatch(each) for each in lines), lines
    kept = json.loads((tmp_path / "bench.json").read_text())
    assert [each["name"] for each in kept] == [each.split()[0] for each in lines]
    assert next(each for each in kept if each["name"] == "stock_sold")["ratio"] == 1


def test_a_goal_is_a_ratio_to_reach_or_not_to_pass_or_so_much_more() -> None:
    assert Figure("a", 8, "orders/s", 10, goal=0.8).met
    assert Figure("a", 7, "orders/s", 10, goal=0.8).missed == "missed: a should have a ratio of at least 0.8"
    assert Figure("a", 12, "ms", 10, 1.1, at_least=False).missed == "missed: a should have a ratio of at most 1.1"
    assert Figure("a", 109, "MiB", 100, most_more=10).missed == ""
    assert Figure("a", 111, "MiB", 100, most_more=10).met is False
    assert Figure("a", 1, "orders").met is None
    assert Figure("a", 1, "orders").line == "a 1.00 orders (floor -, ratio -)"
