"""Zip files whose bytes depend on nothing but their content."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

# The first day a zip can name. The real one would change the bytes at each run.
DAY = (1980, 1, 1, 0, 0, 0)
LEFT_OUT = {"__pycache__", ".mypy_cache", ".ruff_cache"}


class Entry(NamedTuple):
    """One file of an archive."""

    name: str
    content: bytes


def zipped(entries: Iterable[Entry]) -> bytes:
    """Return a zip, uncompressed: compressors differ between machines, and these are small."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for entry in entries:
            info = zipfile.ZipInfo(entry.name, DAY)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, entry.content)
    return buffer.getvalue()


def folder_entries(folder: Path, inside: str) -> list[Entry]:
    """Return every file under a folder, to lie under the name `inside` in the archive."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        Entry(f"{inside}/{path.relative_to(folder).as_posix()}", path.read_bytes())
        for path in found
        if not LEFT_OUT & set(path.parts)
    ]
