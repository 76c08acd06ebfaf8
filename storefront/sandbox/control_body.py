"""What a control request says, read strictly: a wrong word is refused with a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Request


LARGEST = 2**63 - 1


class Refusal(ValueError):
    """A control request that makes no sense; its sentence is the answer (400)."""


class Body:
    """The JSON object of a control request."""

    def __init__(self, facts: dict[str, Any]) -> None:
        """Keep the facts."""
        self._facts = facts

    def text(self, name: str, default: str | None = None, hint: str = "") -> str:
        """Give a string; without a default it has to be there."""
        value = self._facts.get(name, default)
        if not isinstance(value, str):
            message = f"{name} has to be a string{hint}."
            raise Refusal(message)
        return value

    def choice(self, name: str, words: Sequence[str], default: str | None = None) -> str:
        """Give one of a few words."""
        value = self._facts.get(name, default)
        if value not in words:
            message = f"{name} has to be one of {', '.join(words)}."
            raise Refusal(message)
        return str(value)

    def whole(self, name: str, default: int | None = None, least: int = 0, hint: str = "") -> int:
        """Give a whole number of at least so much, and no more than the memory can hold."""
        value = self._facts.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= LARGEST:
            message = f"{name} has to be a whole number that is at least {least}{hint}."
            raise Refusal(message)
        return value

    def number(self, name: str, default: float, most: float) -> float:
        """Give a number from 0 up to so much."""
        value = self._facts.get(name, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
            message = f"{name} has to be a number from 0 to {most:g}."
            raise Refusal(message)
        return float(value)

    def flag(self, name: str) -> bool:
        """Give true or false; false when it is absent."""
        value = self._facts.get(name, False)
        if not isinstance(value, bool):
            message = f"{name} has to be true or false."
            raise Refusal(message)
        return value

    def __contains__(self, name: str) -> bool:
        return name in self._facts


def read(request: Request) -> Body:
    """Read the body of a control request."""
    try:
        facts = json.loads(request.get_data() or b"{}")
        # Half a character (a lone surrogate) is JSON, but no text.
        json.dumps(facts, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        message = f"The body is not JSON: {error}"
        raise Refusal(message) from error
    if not isinstance(facts, dict):
        message = "The body has to be a JSON object."
        raise Refusal(message)
    return Body(facts)
