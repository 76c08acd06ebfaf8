"""Where product files lie: a local folder, each file under its SHA-256."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 20


@dataclass(frozen=True)
class Stored:
    """A file on the shelf: its SHA-256 in hex and its size in bytes."""

    sha256: str
    size: int


class Shelf:
    """A folder of files that never change: the name is the checksum, so a copy twice is a copy once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, source: Path) -> Stored:
        """Copy a file onto the shelf."""
        sha256 = checksum(source)
        place = self.path(sha256)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            fresh = place.with_suffix(".new")
            shutil.copyfile(source, fresh)
            fresh.replace(place)
        return Stored(sha256, place.stat().st_size)

    def looks(self, sha256: str) -> str:
        """How a file lies there: "" as it was put, "missing", or "changed" where its checksum is another one."""
        place = self.path(sha256)
        try:
            return "" if checksum(place) == sha256 else "changed"
        except OSError:
            return "missing"

    def path(self, sha256: str) -> Path:
        """Where a file lies. Nothing but a checksum ever reaches the file system's names."""
        return self._folder / sha256[:2] / sha256


def checksum(source: Path) -> str:
    """A file's SHA-256 in hex."""
    digest = hashlib.sha256()
    with source.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
