"""Rules of the house that are worth a failing check, each with its reason."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "storefront").rglob("*.py"))
OURS = [each for each in SOURCES if "sandbox" not in each.parts]
# The shop's clock; wall time for signatures and floods.
CLOCKS = {"clock.py", "stripe_webhook.py", "mail_webhook.py", "recent.py"}


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    tree = ast.parse(path.read_text())
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("path", SOURCES, ids=lambda each: str(each.relative_to(ROOT)))
def test_a_function_fits_on_a_screen_and_a_file_in_a_head(path: Path) -> None:
    long = [f"{each.name}: {(each.end_lineno or 0) - each.lineno + 1}" for each in functions(path)]
    assert [each for each in long if int(each.split(": ")[1]) >= 40] == []
    assert len(path.read_text().splitlines()) <= 500


@pytest.mark.parametrize("path", OURS, ids=lambda each: str(each.relative_to(ROOT)))
def test_time_is_read_in_one_place_and_handed_on(path: Path) -> None:
    if path.name not in CLOCKS:
        assert not re.search(r"datetime\.(now|utcnow)\(|time\.time\(", path.read_text())


@pytest.mark.parametrize("path", OURS, ids=lambda each: str(each.relative_to(ROOT)))
def test_chance_is_handed_in(path: Path) -> None:
    """Only the program's entrances (app, demo) may make it; the rest is told."""
    if path.name not in {"app.py", "demo.py"}:
        assert not re.search(r"(?m)^(import|from) (secrets|uuid)|SystemRandom", path.read_text())


def test_templates_have_no_inline_style_or_script_and_no_address_of_this_request() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        if "mail" not in path.parts:
            assert " style=" not in text, path
            assert not re.search(r"<script(?![^>]*(src=|ld\+json))", text), path
        assert "_external" not in text, path
        assert "request.host" not in text, path


def test_every_letter_that_is_owed_can_be_written() -> None:
    owed = set()
    for path in (ROOT / "storefront" / "actions").glob("*.py"):
        owed |= set(re.findall(r'owe\(\s*session,\s*[\w.]+,\s*"(\w+)"', path.read_text()))
    owed |= {"confirmed", "repaired"}  # chosen by an expression in settling
    assert len(owed) >= 9
    for kind in owed:
        for end in ("subject.txt", "txt", "html"):
            assert (ROOT / "templates" / "mail" / f"{kind}.{end}").is_file(), f"{kind}.{end}"


def test_the_lock_names_no_address() -> None:
    assert "://" not in (ROOT / ".ci" / "requirements.lock").read_text()
