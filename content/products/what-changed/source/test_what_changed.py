"""Tests of the finished program: `python3 -m unittest` runs them."""

import random
import tempfile
import unittest
from itertools import pairwise
from pathlib import Path

import what_changed as wc

LETTERS = ["a\n", "b\n", "c\n"]


def some_texts(count: int, seed: int) -> list[list[str]]:
    """Make short texts of few letters, so that lines are often equal."""
    chance = random.Random(seed)
    return [chance.choices(LETTERS, k=chance.randrange(9)) for _ in range(count)]


def most_that_stay(a: list[str], b: list[str]) -> int:
    """Count what a shortest script keeps, by the table of lesson 1."""
    cells = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in reversed(range(len(a))):
        for j in reversed(range(len(b))):
            same = cells[i + 1][j + 1] + 1
            cells[i][j] = same if a[i] == b[j] else max(cells[i + 1][j], cells[i][j + 1])
    return cells[0][0]


class ADiff(unittest.TestCase):
    def test_both_files_can_be_read_back_out_of_it(self) -> None:
        texts = some_texts(400, seed=1)
        for a, b in pairwise(texts):
            script = wc.diff(a, b)
            self.assertEqual((wc.old_side(script), wc.new_side(script)), (a, b))

    def test_none_is_shorter(self) -> None:
        texts = some_texts(400, seed=2)
        for a, b in pairwise(texts):
            shortest = len(a) + len(b) - 2 * most_that_stay(a, b)
            self.assertEqual(wc.cost(wc.diff(a, b)), shortest)


class APatch(unittest.TestCase):
    def test_makes_the_new_file_of_the_old_one_even_without_a_last_newline(self) -> None:
        texts = some_texts(400, seed=3)
        for a, b in pairwise(texts):
            bare = wc.lines("".join(b).removesuffix("\n"))
            for new in (b, bare):
                text = wc.patch_text("a", "b", wc.diff(a, new))
                self.assertEqual(wc.apply(wc.read_hunks(text), a), new)

    def test_cuts_lines_at_newlines_and_nowhere_else(self) -> None:
        text = "one\x0ctwo\u2028\r\n\nlast"
        self.assertEqual(wc.lines(text), ["one\x0ctwo\u2028\r\n", "\n", "last"])

    def test_finds_its_place_in_a_file_that_has_moved(self) -> None:
        old, new = wc.lines("one\ntwo\nthree\n"), wc.lines("one\nTWO\nthree\n")
        sent = wc.patch_text("a", "b", wc.diff(old, new))
        self.assertEqual(wc.apply(wc.read_hunks(sent), ["first\n", *old]), ["first\n", *new])

    def test_refuses_when_two_places_fit(self) -> None:
        old, new = wc.lines("one\ntwo\n"), wc.lines("one\nTWO\n")
        sent = wc.patch_text("a", "b", wc.diff(old, new))
        with self.assertRaisesRegex(wc.DoesNotFitError, "2 places fit"):
            wc.apply(wc.read_hunks(sent), ["first\n", *old, *old])

    def test_that_is_torn_is_refused(self) -> None:
        sent = wc.patch_text("a", "b", wc.diff(["one\n"], ["two\n"]))
        with self.assertRaisesRegex(wc.DoesNotFitError, "torn"):
            wc.apply(wc.read_hunks(sent.removesuffix("+two\n")), ["one\n"])

    def test_leaves_the_file_as_it_was_when_it_does_not_fit(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file, changes = Path(folder, "file"), Path(folder, "changes")
            file.write_text("something else\n")
            changes.write_text(wc.patch_text("a", "b", wc.diff(["one\n"], ["two\n"])))
            with self.assertRaises(wc.DoesNotFitError):
                wc.run_patch(file, changes)
            self.assertEqual(file.read_text(), "something else\n")


class AMerge(unittest.TestCase):
    def test_takes_what_only_one_side_did(self) -> None:
        texts = some_texts(300, seed=4)
        for a, b in pairwise(texts):
            self.assertEqual(wc.merged_lines(wc.merge(a, a, b)), b)
            self.assertEqual(wc.merged_lines(wc.merge(b, a, a)), b)
            self.assertEqual(wc.merged_lines(wc.merge(b, a, b)), b)

    def test_shows_a_quarrel_from_all_three_sides(self) -> None:
        parts = wc.merge(["a\n", "x"], ["a\n", "b"], ["a\n", "y"])
        told = "".join(wc.merged_lines(parts))
        self.assertIn("<<<<<<< ours\nx\n||||||| base\nb\n=======\ny\n>>>>>>> theirs\n", told)


if __name__ == "__main__":
    unittest.main()
