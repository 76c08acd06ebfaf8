"""Tests of Silverfish: `python3 -m unittest` runs them."""

import contextlib
import io
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import licence
import silverfish

KEY = "AAAA-AAAA-AAAA-AABR"


class Archive(unittest.TestCase):
    """A folder with three files, and a home of its own for the licence."""

    def setUp(self) -> None:
        self.home = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(mock.patch.dict(os.environ, {"XDG_CONFIG_HOME": self.home}))
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "letters").mkdir()
        for name in ("letters/one.txt", "letters/two.txt", "photo.jpg"):
            (self.folder / name).write_text(f"the content of {name}")

    def run_with(self, *words: str) -> tuple[int, str]:
        said = io.StringIO()
        words = ("silverfish", *words, str(self.folder))
        with (
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
            mock.patch("sys.argv", words),
        ):
            code = silverfish.main()
        return code, said.getvalue()

    def seal(self) -> None:
        self.assertEqual(self.run_with("seal", "--license", KEY), (0, "Sealed 3 files.\n"))

    def rot(self, name: str) -> None:
        """Change a byte as a failing disk does: without a new date."""
        path = self.folder / name
        stat = path.stat()
        content = bytearray(path.read_bytes())
        content[3] ^= 1
        path.write_bytes(content)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


class ACheck(Archive):
    def test_of_an_untouched_folder_is_well(self) -> None:
        self.seal()
        self.assertEqual(self.run_with("check"), (0, "3 files, all as sealed.\n"))

    def test_finds_one_rotten_bit(self) -> None:
        self.seal()
        self.rot("photo.jpg")
        code, said = self.run_with("check")
        self.assertEqual(code, 1)
        self.assertIn("rotten (1)", said)
        self.assertIn("  photo.jpg\n", said)

    def test_tells_work_from_decay(self) -> None:
        self.seal()
        path = self.folder / "photo.jpg"
        path.write_text("a better picture")
        os.utime(path, (4_000_000_000, 4_000_000_000))
        code, said = self.run_with("check")
        self.assertEqual(code, 0)
        self.assertIn("changed (1)", said)

    def test_follows_a_file_that_was_moved(self) -> None:
        self.seal()
        (self.folder / "photo.jpg").rename(self.folder / "letters" / "renamed.jpg")
        code, said = self.run_with("check")
        self.assertEqual(code, 0)
        self.assertIn("  photo.jpg  now letters/renamed.jpg\n", said)

    def test_misses_a_file_that_is_gone(self) -> None:
        self.seal()
        (self.folder / "photo.jpg").unlink()
        code, said = self.run_with("check")
        self.assertEqual(code, 1)
        self.assertIn("missing (1)", said)

    def test_needs_no_licence(self) -> None:
        self.seal()
        Path(self.home, "silverfish", "licence").unlink()
        self.assertEqual(self.run_with("check")[0], 0)

    def test_in_a_hurry_believes_the_dates(self) -> None:
        self.seal()
        self.rot("photo.jpg")
        self.assertEqual(self.run_with("check", "--quick")[0], 0)
        (self.folder / "photo.jpg").unlink()
        self.assertEqual(self.run_with("check", "--quick")[0], 1)

    def test_notices_that_the_seal_itself_was_eaten(self) -> None:
        self.seal()
        self.rot(".silverfish")
        code, said = self.run_with("check")
        self.assertEqual(code, 2)
        self.assertIn("damaged", said)

    def test_without_a_seal_says_how_to_make_one(self) -> None:
        code, said = self.run_with("check")
        self.assertEqual(code, 2)
        self.assertIn("silverfish seal", said)

    def test_shows_strange_names_and_does_not_obey_them(self) -> None:
        self.seal()
        (self.folder / "bell\a\n.txt").write_text("ring")
        code, said = self.run_with("check")
        self.assertEqual(code, 0)
        self.assertIn("  bell\\x07\\n.txt\n", said)


class ASeal(Archive):
    def test_is_not_put_over_decay(self) -> None:
        self.seal()
        before = (self.folder / ".silverfish").read_bytes()
        self.rot("photo.jpg")
        code, said = self.run_with("seal")
        self.assertEqual(code, 1)
        self.assertIn("Not sealed.", said)
        self.assertEqual((self.folder / ".silverfish").read_bytes(), before)

    def test_accepts_decay_when_told_to(self) -> None:
        self.seal()
        self.rot("photo.jpg")
        self.assertEqual(self.run_with("seal", "--accept")[0], 0)
        self.assertEqual(self.run_with("check")[0], 0)

    def test_takes_in_what_is_new(self) -> None:
        self.seal()
        (self.folder / "new.txt").write_text("new")
        self.assertEqual(self.run_with("seal"), (0, "Sealed 4 files.\n"))

    def test_asks_for_the_key_once(self) -> None:
        code, said = self.run_with("seal")
        self.assertEqual(code, 2)
        self.assertIn("licence key", said)
        self.seal()
        self.assertEqual(self.run_with("seal")[0], 0)


class AKey(unittest.TestCase):
    def test_is_good_however_it_is_typed(self) -> None:
        self.assertEqual(licence.plain(" aaaa aaaaaaaa-aabr "), KEY)

    def test_with_two_neighbours_swapped_is_refused(self) -> None:
        good = "K7QM2XW9PLRD4TA"
        good += licence.check_character(good)
        for i in range(len(good) - 2):
            swapped = good[:i] + good[i + 1] + good[i] + good[i + 2 :]
            with self.assertRaisesRegex(licence.BadKeyError, "mistyped"):
                licence.plain(swapped)

    def test_that_is_too_short_or_has_a_strange_letter_says_so(self) -> None:
        with self.assertRaisesRegex(licence.BadKeyError, "this one 3"):
            licence.plain("AAA")
        with self.assertRaisesRegex(licence.BadKeyError, "has no 0"):
            licence.plain("0AAA-AAAA-AAAA-AABR")


if __name__ == "__main__":
    unittest.main()
