#!/usr/bin/env python3
"""Silverfish finds the files that changed while nobody was looking.

    python3 silverfish.py seal FOLDER      write down what every file contains
    python3 silverfish.py check FOLDER     say what is no longer as it was written down
    python3 silverfish.py check --quick FOLDER   the same, without reading what looks untouched

The seal is a text file, `.silverfish`, in the folder itself. One line is one file: SHA-256 of the
content, size, time of the last change in nanoseconds, and the path as a JSON string. The first
line holds the SHA-256 of all the others.

Ends with 0 when all is well, with 1 when something is rotten or missing, and with 2 when it
could not do its work.
"""

import argparse
import errno
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import licence

VERSION = "1.0"
SEAL = ".silverfish"
HEADING = "silverfish 1"


class File(NamedTuple):
    """What is known of one file."""

    digest: str
    size: int
    changed: int  # nanoseconds, as the file system tells them
    path: str  # from the sealed folder, with slashes


class Finding(NamedTuple):
    """One thing worth saying about one file."""

    kind: str
    path: str
    note: str = ""


# In the order in which they are told, worst first.
KINDS = {
    "rotten": "The content changed and the date did not. Few programs do that on purpose.",
    "missing": "Sealed, and no longer here.",
    "unread": "Could not be read.",
    "changed": "Written to since the seal, date and content.",
    "moved": "The same content at another place.",
    "new": "Not here when the seal was made.",
}
BAD = {"rotten", "missing", "unread"}


class StopError(Exception):
    """A reason not to go on, in a sentence for the person at the keyboard."""


# Looking


def paths(folder: Path) -> Iterator[Path]:
    """Yield every ordinary file in and under the folder, in a fixed order."""
    for here, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        for name in sorted(names):
            path = Path(here, name)
            ours = path == folder / SEAL or path == folder / f"{SEAL}.new"
            if not ours and path.is_file() and not path.is_symlink():
                yield path


def refuse(error: OSError) -> None:
    """Stop at a folder that cannot be opened: half an answer looks like a whole one."""
    raise StopError(f"{error.filename}: {error.strerror}") from error


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's content, however large it is."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def look(path: Path, folder: Path, known: File | None = None) -> File:
    """Read one file. With `known`, believe its digest as long as size and date are the same."""
    stat = path.stat()
    name = path.relative_to(folder).as_posix()
    if known and (known.size, known.changed) == (stat.st_size, stat.st_mtime_ns):
        return File(known.digest, stat.st_size, stat.st_mtime_ns, name)
    file = File(digest(path), stat.st_size, stat.st_mtime_ns, name)
    if path.stat().st_mtime_ns != file.changed:
        raise OSError(errno.EBUSY, "is being written to right now")
    return file


def survey(folder: Path, believed: dict[str, File]) -> tuple[dict[str, File], list[Finding]]:
    """Read the whole folder. What cannot be read is a finding and does not stop the rest."""
    seen: dict[str, File] = {}
    unread: list[Finding] = []
    for path in paths(folder):
        name = path.relative_to(folder).as_posix()
        progress(len(seen))
        try:
            seen[name] = look(path, folder, believed.get(name))
        except OSError as error:
            unread.append(Finding("unread", name, error.strerror or str(error)))
    progress(None)
    return seen, unread


def progress(count: int | None) -> None:
    """Count on the terminal, if there is one, and wipe the line at the end."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K" if count is None else f"\r{count} files read")
        sys.stderr.flush()


# The seal


def write_seal(folder: Path, files: Iterable[File]) -> None:
    """Write the seal beside its place and then change over in one step."""
    body = [f"{f.digest} {f.size} {f.changed} {quoted(f.path)}" for f in files]
    total = hashlib.sha256("\n".join(body).encode()).hexdigest()
    beside = folder / f"{SEAL}.new"
    with beside.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join([f"{HEADING} {total}", *body, ""]))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / SEAL)


def read_seal(folder: Path) -> dict[str, File]:
    """Read the seal, and make sure that it has not been eaten itself."""
    path = folder / SEAL
    if not path.exists():
        raise StopError(f"{folder} is not sealed yet: silverfish seal {folder}")
    heading, *body = path.read_text("utf-8", "replace").removesuffix("\n").split("\n")
    total = hashlib.sha256("\n".join(body).encode()).hexdigest()
    if heading != f"{HEADING} {total}":
        raise StopError(f"{path} is damaged. Take it from a backup, or delete it and seal anew.")
    files = (row.split(" ", 3) for row in body)
    return {
        unquoted(name): File(sha, int(size), int(changed), unquoted(name))
        for sha, size, changed, name in files
    }


def quoted(path: str) -> str:
    r"""Keep one file on one line, whatever is in its name.

    >>> quoted("a b\n.txt")
    '"a b\\n.txt"'
    """
    return json.dumps(path)


def unquoted(text: str) -> str:
    """Undo `quoted`."""
    return str(json.loads(text))


# Comparing


def findings(
    sealed: dict[str, File], seen: dict[str, File], unread: list[Finding]
) -> list[Finding]:
    """Put together what is worth saying. A file that could not be read is not also missing."""
    blind = {finding.path for finding in unread}
    return unread + compare({p: f for p, f in sealed.items() if p not in blind}, seen)


def compare(sealed: dict[str, File], seen: dict[str, File]) -> list[Finding]:
    """Say what became of every sealed file, and which are new."""
    gone = {path: file for path, file in sealed.items() if path not in seen}
    come = {path: file for path, file in seen.items() if path not in sealed}
    moved = dict(pair_up(gone, come))
    arrived = set(moved.values())
    found = [Finding("moved", old, f"now {new}") for old, new in moved.items()]
    found += [Finding("missing", path) for path in gone if path not in moved]
    found += [Finding("new", path) for path in come if path not in arrived]
    return found + [
        Finding(what_happened(file, seen[path]), path)
        for path, file in sealed.items()
        if path in seen and seen[path].digest != file.digest
    ]


def pair_up(gone: dict[str, File], come: dict[str, File]) -> Iterator[tuple[str, str]]:
    """Match what went with what came by content, each at most once. Empty files tell nothing."""
    waiting: dict[str, list[str]] = {}
    for path, file in come.items():
        waiting.setdefault(file.digest, []).append(path)
    for path, file in gone.items():
        if file.size and waiting.get(file.digest):
            yield path, waiting[file.digest].pop(0)


def what_happened(before: File, after: File) -> str:
    """Tell decay from work. Whoever writes to a file moves its date; a failing disk does not."""
    return "rotten" if before.changed == after.changed else "changed"


# Telling


def report(found: list[Finding], count: int) -> str:
    """Return the findings by kind, worst first, and a sentence that sums them up."""
    rows: list[str] = []
    for kind, meaning in KINDS.items():
        paths_of_kind = [finding for finding in found if finding.kind == kind]
        if paths_of_kind:
            rows.append(f"{kind} ({len(paths_of_kind)}): {meaning}")
            rows += [f"  {printable(f.path)}  {printable(f.note)}".rstrip() for f in paths_of_kind]
    return "\n".join([*rows, summary(found, count)])


def summary(found: list[Finding], count: int) -> str:
    """Say in one sentence whether to worry."""
    bad = sum(finding.kind in BAD for finding in found)
    if bad:
        return f"{files_text(bad)} of {count} need a look. Nothing was changed by this check."
    if found:
        return f"{files_text(count)}, none rotten or missing. Seal again to accept the rest."
    return f"{files_text(count)}, all as sealed."


def files_text(count: int) -> str:
    """Return "1 file" or "2 files"."""
    return f"{count} file" if count == 1 else f"{count} files"


def printable(text: str) -> str:
    """Show control characters and broken names instead of sending them to the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


# Commands


def seal(folder: Path, *, accept: bool) -> int:
    """Write the seal. An old one is replaced only if nothing is lost by it."""
    before = read_seal(folder) if (folder / SEAL).exists() else {}
    seen, unread = survey(folder, {})
    bad = [f for f in findings(before, seen, unread) if f.kind in BAD]
    if bad and not accept:
        say(report(bad, len(seen) + len(unread)))
        say("Not sealed. Mend these first, or accept them as they are: seal --accept")
        return 1
    write_seal(folder, seen.values())
    say(f"Sealed {files_text(len(seen))}.")
    return 0


def check(folder: Path, *, quick: bool) -> int:
    """Compare the folder with its seal and change nothing."""
    sealed = read_seal(folder)
    seen, unread = survey(folder, sealed if quick else {})
    found = findings(sealed, seen, unread)
    say(report(found, len(sealed)))
    return 1 if any(finding.kind in BAD for finding in found) else 0


def say(text: str) -> None:
    """Print for the person who asked."""
    sys.stdout.write(f"{text}\n")


def run(words: list[str]) -> int:
    """Do what the words of the command line say."""
    chosen = parser().parse_args(words)
    folder: Path = chosen.folder
    if not folder.is_dir():
        raise StopError(f"{folder} is not a folder.")
    if chosen.license:
        licence.remember(chosen.license)
    if chosen.command == "check":
        return check(folder, quick=chosen.quick)
    if not licence.known():
        raise StopError("Sealing needs your licence key, once: seal --license XXXX-XXXX-XXXX-XXXX")
    return seal(folder, accept=chosen.accept)


def parser() -> argparse.ArgumentParser:
    """Return the commands and their options."""
    top = argparse.ArgumentParser(prog="silverfish", description=(__doc__ or "").split("\n")[0])
    top.add_argument("--version", action="version", version=f"Silverfish {VERSION}")
    commands = top.add_subparsers(dest="command", required=True)
    sealing = commands.add_parser("seal", help="write down what every file contains")
    sealing.add_argument("--accept", action="store_true", help="also what is rotten or missing")
    checking = commands.add_parser("check", help="say what is no longer as it was written down")
    checking.add_argument("--quick", action="store_true", help="do not read what looks untouched")
    for command in (sealing, checking):
        command.add_argument("--license", "--licence", metavar="KEY", help="needed once, to seal")
        command.add_argument("folder", type=Path)
    return top


def main() -> int:
    """Run, and turn what went wrong into a sentence."""
    try:
        return run(sys.argv[1:])
    except (StopError, licence.BadKeyError, OSError) as problem:
        sys.stderr.write(f"silverfish: {problem}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. Nothing was written.\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
