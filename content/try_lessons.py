#!/usr/bin/env python3
"""Run the code in the lessons of a course, as a reader would who types everything in.

    python content/try_lessons.py content/products/what-changed

Blocks marked `python` are run in the order of the lessons, in one namespace. In a block with
`>>>` each answer must be the printed one. A function that is also in source/ must stand there
word for word, so that the finished program is the one that the lessons build.
"""

import ast
import doctest
import re
import sys
from collections.abc import Iterator
from pathlib import Path

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SESSION = re.compile(r"^>>> ", re.MULTILINE)
# What a reader has at the top of the file from the start.
IMPORTS = """
import argparse, os, random, re, sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
"""


def main() -> int:
    """Try one course and print what does not hold."""
    found = list(faults(Path(sys.argv[1])))
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    return 1 if found else 0


def faults(course: Path) -> Iterator[str]:
    """Yield a sentence for each block that fails and each function that differs."""
    finished = "\n".join(path.read_text("utf-8") for path in course.glob("source/*.py"))
    known: dict[str, object] = {"__name__": "lessons"}
    exec(IMPORTS, known)  # noqa: S102 - running the lessons is what this program is for
    for lesson in sorted(course.glob("lessons/*.md")):
        for block in BLOCK.findall(lesson.read_text("utf-8")):
            yield from differences(lesson.name, block, finished)
            yield from failures(lesson.name, block, known)


def differences(lesson: str, block: str, finished: str) -> Iterator[str]:
    """Yield what the finished program says differently."""
    if SESSION.search(block):
        return
    for node in ast.parse(block).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        stands = re.search(rf"^(def|class) {node.name}\b", finished, re.MULTILINE)
        if stands and (ast.get_source_segment(block, node) or "") not in finished:
            yield f"{lesson}: {node.name} is not as in the finished program"


def failures(lesson: str, block: str, known: dict[str, object]) -> Iterator[str]:
    """Run one block in the namespace that all lessons share."""
    if not SESSION.search(block):
        exec(compile(block, lesson, "exec"), known)  # noqa: S102 - as above
        return
    test = doctest.DocTestParser().get_doctest(block, known, lesson, lesson, 0)
    test.globs = known  # it took a copy, and functions of earlier blocks would not see new names
    told: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=told.append, clear_globs=False)
    if told:
        yield "".join(told)


if __name__ == "__main__":
    sys.exit(main())
