"""What changed: diff, patch and merge for text, from the course of that name.

    python3 what_changed.py diff old.txt new.txt
    python3 what_changed.py patch file.txt changes.patch
    python3 what_changed.py merge base.txt ours.txt theirs.txt

Every function here is built in one of the five lessons and appears there as it stands here.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple


class Edit(NamedTuple):
    mark: str  # " " stays, "-" goes, "+" comes
    text: str


Script = list[Edit]


# Lesson 1: what a difference is


def old_side(script: Script) -> list[str]:
    return [edit.text for edit in script if edit.mark != "+"]


def new_side(script: Script) -> list[str]:
    return [edit.text for edit in script if edit.mark != "-"]


def cost(script: Script) -> int:
    return sum(edit.mark != " " for edit in script)


# Lesson 2: the shortest way across


def comes_from_above(reach: dict[int, int], k: int, edits: int) -> bool:
    """Say whether diagonal k is best entered by a step down, which adds a line."""
    return k == -edits or (k != edits and reach[k - 1] < reach[k + 1])


def explore(a: Sequence[str], b: Sequence[str]) -> list[dict[int, int]]:
    """Return how far each diagonal reached before every round, up to the one that arrives."""
    reach, trail = {1: 0}, []
    for edits in range(len(a) + len(b) + 1):
        trail.append(reach.copy())
        for k in range(-edits, edits + 1, 2):
            x = reach[k + 1] if comes_from_above(reach, k, edits) else reach[k - 1] + 1
            while x < len(a) and x - k < len(b) and a[x] == b[x - k]:
                x += 1
            reach[k] = x
            if x >= len(a) and x - k >= len(b):
                return trail
    return trail


def walk_back(a: Sequence[str], b: Sequence[str], trail: list[dict[int, int]]) -> Iterator[Edit]:
    """Yield the shortest script, last edit first."""
    x, y = len(a), len(b)
    for edits in reversed(range(len(trail))):
        reach, k = trail[edits], x - y
        above = comes_from_above(reach, k, edits)
        start = reach[k + 1] if above else reach[k - 1] + 1
        while x > start:
            x, y = x - 1, y - 1
            yield Edit(" ", a[x])
        if edits and above:
            y -= 1
            yield Edit("+", b[y])
        elif edits:
            x -= 1
            yield Edit("-", a[x])


def diff(a: Sequence[str], b: Sequence[str]) -> Script:
    return list(walk_back(a, b, explore(a, b)))[::-1]


# Lesson 3: a patch that a person can read


class Hunk(NamedTuple):
    old_start: int  # lines before the hunk, so 0 is the top
    new_start: int
    script: Script


def lines(text: str) -> list[str]:
    """Split after each newline and nowhere else. Joined, they are the text again."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def spans(script: Script, context: int) -> list[tuple[int, int]]:
    """Return the parts of the script worth showing: each change and its neighbours."""
    found: list[tuple[int, int]] = []
    for i, edit in enumerate(script):
        if edit.mark == " ":
            continue
        first, last = max(i - context, 0), min(i + context + 1, len(script))
        if found and first <= found[-1][1]:
            first, _ = found.pop()
        found.append((first, last))
    return found


def hunks(script: Script, context: int = 3) -> list[Hunk]:
    return [
        Hunk(len(old_side(script[:first])), len(new_side(script[:first])), script[first:last])
        for first, last in spans(script, context)
    ]


def span_text(start: int, count: int) -> str:
    """Number lines from 1; an empty span names the line before it."""
    return f"{start + 1 if count else start},{count}"


def hunk_text(hunk: Hunk) -> str:
    old = span_text(hunk.old_start, len(old_side(hunk.script)))
    new = span_text(hunk.new_start, len(new_side(hunk.script)))
    body = [edit.mark + edit.text for edit in hunk.script]
    whole = [line if line.endswith("\n") else line + NO_NEWLINE for line in body]
    return "".join([f"@@ -{old} +{new} @@\n", *whole])


NO_NEWLINE = "\n\\ No newline at end of file\n"


def patch_text(old_name: str, new_name: str, script: Script) -> str:
    body = "".join(hunk_text(hunk) for hunk in hunks(script))
    return f"--- {old_name}\n+++ {new_name}\n{body}" if body else ""


# Lesson 4: a patch meets a file that has moved on


class DoesNotFitError(Exception):
    pass


HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def read_hunks(text: str) -> Iterator[Hunk]:
    """Read a patch for one file. What stands before the first hunk is for people."""
    for part in re.split(r"^(?=@@ )", text, flags=re.MULTILINE)[1:]:
        header, *body = lines(part)
        numbers = HEADER.match(header)
        if not numbers:
            raise DoesNotFitError(f"not a hunk header: {header.strip()}")
        yield read_hunk([int(number or 1) for number in numbers.groups()], body)


def read_hunk(numbers: list[int], body: list[str]) -> Hunk:
    old, old_count, new, new_count = numbers
    script = read_script(body)
    if (len(old_side(script)), len(new_side(script))) != (old_count, new_count):
        raise DoesNotFitError(f"the hunk at line {old} is torn, or another file follows it")
    return Hunk(old - bool(old_count), new - bool(new_count), script)


def read_script(body: list[str]) -> Script:
    script: Script = []
    for row in body:
        if row[0] in " -+":
            script.append(Edit(row[0], row[1:]))
        elif row[0] == "\\" and script:
            mark, text = script.pop()
            script.append(Edit(mark, text.removesuffix("\n")))
        else:
            raise DoesNotFitError(f"not a line of a patch: {row.strip()}")
    return script


def locate(wanted: list[str], there: list[str], guess: int, floor: int) -> int:
    """Return where the wanted lines stand: the place the patch names, or the only one."""
    starts = range(floor, len(there) - len(wanted) + 1)
    fits = [at for at in starts if there[at : at + len(wanted)] == wanted]
    if guess in fits:
        return guess
    if len(fits) == 1:
        return fits[0]
    raise DoesNotFitError(f"line {guess + 1}: {len(fits)} places fit, and none is the one named")


def apply(found: Iterator[Hunk], there: list[str]) -> list[str]:
    """Return the patched lines. Either every hunk fits or nothing is returned at all."""
    result: list[str] = []
    done = drift = 0
    for hunk in found:
        wanted = old_side(hunk.script)
        at = locate(wanted, there, hunk.old_start + drift, done)
        drift = at - hunk.old_start
        result += there[done:at] + new_side(hunk.script)
        done = at + len(wanted)
    return result + there[done:]


def read(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return lines(file.read())


def replace(path: Path, content: list[str]) -> None:
    """Put new content in place in one step: after a crash it is the old file or the new one."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w", encoding="utf-8", newline="") as file:
        file.writelines(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


# Lesson 5: two people, one file


class Conflict(NamedTuple):
    ours: list[str]
    base: list[str]
    theirs: list[str]


Part = list[str] | Conflict


def kept(base: list[str], other: list[str]) -> dict[int, int]:
    """Map each base line that survives in the other text to its place there."""
    places, i, j = {}, 0, 0
    for mark, _ in diff(base, other):
        if mark == " ":
            places[i] = j
        i += mark != "+"
        j += mark != "-"
    return places | {len(base): len(other)}


def settle(ours: list[str], base: list[str], theirs: list[str]) -> Part:
    if base in (ours, theirs):
        return theirs if ours == base else ours
    return ours if ours == theirs else Conflict(ours, base, theirs)


def merge(ours: list[str], base: list[str], theirs: list[str]) -> list[Part]:
    left, right = kept(base, ours), kept(base, theirs)
    parts: list[Part] = []
    o = x = y = 0
    for anchor in sorted(left.keys() & right.keys()):
        parts.append(settle(ours[x : left[anchor]], base[o:anchor], theirs[y : right[anchor]]))
        parts.append(base[anchor : anchor + 1])
        o, x, y = anchor + 1, left[anchor] + 1, right[anchor] + 1
    return [part for part in parts if part]


def ended(part: list[str]) -> list[str]:
    """Make sure that a marker after these lines begins a line of its own."""
    return part if not part or part[-1].endswith("\n") else [*part[:-1], part[-1] + "\n"]


def conflict_lines(conflict: Conflict) -> list[str]:
    ours, base, theirs = (ended(side) for side in conflict)
    sides = ["<<<<<<< ours\n", *ours, "||||||| base\n", *base]
    return [*sides, "=======\n", *theirs, ">>>>>>> theirs\n"]


def merged_lines(parts: list[Part]) -> list[str]:
    return [
        line
        for part in parts
        for line in (conflict_lines(part) if isinstance(part, Conflict) else part)
    ]


# The program


def run_diff(old: Path, new: Path) -> int:
    text = patch_text(str(old), str(new), diff(read(old), read(new)))
    sys.stdout.write(text)
    return 1 if text else 0


def run_patch(file: Path, changes: Path) -> int:
    replace(file, apply(read_hunks("".join(read(changes))), read(file)))
    return 0


def run_merge(base: Path, ours: Path, theirs: Path) -> int:
    parts = merge(read(ours), read(base), read(theirs))
    sys.stdout.writelines(merged_lines(parts))
    return 1 if any(isinstance(part, Conflict) for part in parts) else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare, patch and merge text files.")
    commands = parser.add_subparsers(required=True)
    words = {run_diff: "old new", run_patch: "file changes", run_merge: "base ours theirs"}
    for run, names in words.items():
        command = commands.add_parser(run.__name__.removeprefix("run_"))
        command.set_defaults(run=run)
        for name in names.split():
            command.add_argument(name, type=Path)
    chosen = vars(parser.parse_args())
    try:
        code: int = chosen.pop("run")(**chosen)
    except (DoesNotFitError, OSError, UnicodeDecodeError) as problem:
        sys.stderr.write(f"what_changed: {problem}\n")
        return 2
    return code


if __name__ == "__main__":
    sys.exit(main())
