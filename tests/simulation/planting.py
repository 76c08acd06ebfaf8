"""Planting a bug: a function of the product runs with some of its text replaced, wherever it has been imported."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import _lru_cache_wrapper
from types import CodeType, FunctionType
from typing import Any, cast


@dataclass(frozen=True)
class Edit:
    """In this function, `before` is replaced by `after`; text that is not there once is an error, so that bugs stay true."""

    where: Callable[..., Any]
    before: str
    after: str = ""


@dataclass(frozen=True)
class Bug:
    """What is wrong, what it breaks (a line of reliability.md 2 or of field-bugs.md), and where."""

    name: str
    breaks: str
    edits: tuple[Edit, ...]


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Each function keeps its identity and gets another body."""
    with ExitStack() as stack:
        stack.callback(_forget)
        for where, edits in _by_function(bug.edits).items():
            stack.enter_context(_edited(where, edits))
        _forget()
        yield


def _forget() -> None:
    """What functions keep of their answers was made by the other body, or by what called it."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("storefront.actions.", "storefront.models.", "storefront.rules.")):
            for kept in vars(module).values():
                if isinstance(kept, _lru_cache_wrapper):
                    kept.cache_clear()


def _by_function(edits: tuple[Edit, ...]) -> dict[FunctionType, list[Edit]]:
    found: dict[FunctionType, list[Edit]] = {}
    for edit in edits:
        found.setdefault(cast("FunctionType", inspect.unwrap(edit.where)), []).append(edit)
    return found


@contextmanager
def _edited(function: FunctionType, edits: list[Edit]) -> Iterator[None]:
    before = function.__code__
    function.__code__ = _changed(function, edits)
    try:
        yield
    finally:
        function.__code__ = before


def _changed(function: FunctionType, edits: list[Edit]) -> CodeType:
    text = textwrap.dedent(inspect.getsource(function))
    for edit in edits:
        if text.count(edit.before) != 1:
            raise AssertionError(f"{function.__qualname__} has {edit.before!r} {text.count(edit.before)} times")
        text = text.replace(edit.before, edit.after)
    tree = ast.parse(text)
    made = cast("ast.FunctionDef", tree.body[0])
    made.decorator_list.clear()
    module = sys.modules[function.__module__]
    names: dict[str, Any] = {}
    exec(compile(tree, f"<{function.__name__}, planted>", "exec", dont_inherit=True), dict(vars(module)), names)  # noqa: S102
    return cast("CodeType", names[made.name].__code__)
