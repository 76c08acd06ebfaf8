#!/usr/bin/env python3
"""Bind what buyers download: run it after a manuscript or a source has changed.

python content/bind.py            write the files
python content/bind.py --check    write nothing; end with 1 if a file is not as it would be
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from binding.archive import folder_entries, zipped
from binding.epub import bind_epub
from binding.manuscript import read_book
from binding.pdf import bind_pdf, bind_sheet

PRODUCTS = Path(__file__).parent / "products"


class Bound(NamedTuple):
    """A file and what it must contain."""

    path: Path
    content: bytes


def bound() -> Iterator[Bound]:
    """Yield every file that is made from another."""
    yield from book(PRODUCTS / "name-the-day")
    yield source(PRODUCTS / "what-changed", "what-changed")
    yield source(PRODUCTS / "silverfish", "silverfish-1.0")


def book(product: Path) -> Iterator[Bound]:
    """Yield both editions of a book, and the sheet that comes with it as a bonus."""
    manuscript = read_book(product / "manuscript")
    files = product / "files"
    yield Bound(files / f"{product.name}.epub", bind_epub(manuscript))
    yield Bound(files / f"{product.name}.pdf", bind_pdf(manuscript))
    for sheet in sorted((product / "bonus").glob("*.md")):
        yield Bound(files / f"{sheet.stem}.pdf", bind_sheet(sheet, manuscript.author))


def source(product: Path, name: str) -> Bound:
    """Return the zip of a program. It unpacks into one folder of that name."""
    entries = folder_entries(product / "source", name)
    return Bound(product / "files" / f"{name}.zip", zipped(entries))


def main() -> int:
    """Write, or compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    check = parser.parse_args().check
    stale = [one for one in bound() if read(one.path) != one.content]
    for path, content in stale:
        sys.stdout.write(f"{'stale' if check else 'bound'} {path.relative_to(PRODUCTS)}\n")
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    return 1 if check and stale else 0


def read(path: Path) -> bytes | None:
    """Return a file's content, or None where there is no file."""
    return path.read_bytes() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
