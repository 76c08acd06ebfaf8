"""Form bodies and query strings with Rack's nesting: a[b][0]=c."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from .errors import invalid

NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
STEP = re.compile(r"\[([^\[\]]*)\]")
SURROGATE = re.compile("[\ud800-\udfff]")
# As deep as Rack goes.
DEEPEST = 32


def parse(text: str) -> dict[str, Any]:
    """Give the tree of a form. Lists stay dicts of "0", "1" … until a rule asks for a list."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, errors="surrogateescape"):
        if not _is_text(name + value):
            message = "Invalid request: its parameters have to be UTF-8."
            raise invalid(message)
        _put(tree, _steps(name), value, name)
    return tree


def _is_text(words: str) -> bool:
    """Say whether it was UTF-8; bytes that were not have become surrogates."""
    return SURROGATE.search(words) is None


def _steps(name: str) -> list[str]:
    match = NAME.match(name)
    steps = [match.group(1), *STEP.findall(match.group(2))] if match else []
    if not 0 < len(steps) <= DEEPEST:
        message = f"Invalid parameter name: {name[:200]}"
        raise invalid(message, param=name[:200])
    return steps


def _put(tree: dict[str, Any], steps: list[str], value: str, name: str) -> None:
    for place, step in enumerate(steps[:-1], 1):
        tree = tree.setdefault(_index(tree, step, steps[place:]), {})
        if not isinstance(tree, dict):
            raise _clash(name)
    last = _index(tree, steps[-1], [])
    if isinstance(tree.get(last), dict):
        raise _clash(name)
    tree[last] = value


def _index(tree: dict[str, Any], step: str, rest: list[str]) -> str:
    """Give where a step leads. a[]=x takes the next free place; a[][b]=x the last one, as long as that has no b yet."""
    last = str(len(tree) - 1)
    if not step and rest and isinstance(tree.get(last), dict) and not _holds(tree[last], rest):
        return last
    return step or str(len(tree))


def _holds(tree: dict[str, Any], steps: list[str]) -> bool:
    found: Any = tree
    for step in steps:
        if not isinstance(found, dict) or step not in found:
            return False
        found = found[step]
    return True


def _clash(name: str) -> Exception:
    message = f"Invalid parameters: {name} is given both as a value and as a hash."
    return invalid(message, param=name)
