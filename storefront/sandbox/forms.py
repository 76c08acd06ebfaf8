"""Form bodies and query strings with Rack's nesting: a[b][0]=c."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from .errors import invalid

NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
STEP = re.compile(r"\[([^\[\]]*)\]")


def parse(text: str) -> dict[str, Any]:
    """Give the tree of a form. Lists stay dicts of "0", "1" … until a rule asks for a list."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        _put(tree, _steps(name), value, name)
    return tree


def _steps(name: str) -> list[str]:
    match = NAME.match(name)
    if match is None:
        message = f"Invalid parameter name: {name}"
        raise invalid(message, param=name)
    return [match.group(1), *STEP.findall(match.group(2))]


def _put(tree: dict[str, Any], steps: list[str], value: str, name: str) -> None:
    for step in steps[:-1]:
        tree = tree.setdefault(_index(step, tree), {})
        if not isinstance(tree, dict):
            raise _clash(name)
    last = _index(steps[-1], tree)
    if isinstance(tree.get(last), dict):
        raise _clash(name)
    tree[last] = value


def _index(step: str, tree: dict[str, Any]) -> str:
    # a[]=x takes the next free place of the list.
    return step or str(len(tree))


def _clash(name: str) -> Exception:
    message = f"Invalid parameters: {name} is given both as a value and as a hash."
    return invalid(message, param=name)
