"""The strict check of parameters: each endpoint has a table of its own (see tables.py)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from .currencies import CURRENCIES
from .errors import StripeError, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

# No more digits than a 64-bit number has.
WHOLE = re.compile(r"-?[0-9]{1,18}")
ADDRESS = re.compile(r"https?://[^\s/?#]+")
PLACE = re.compile(r"[0-9]{1,4}")
METADATA_KEYS = 50
METADATA_NAME = 40
METADATA_VALUE = 500


class Rule(Protocol):
    """Reads one parameter's text, or refuses it."""

    def read(self, value: object, where: str) -> object:
        """Give the value in its type; raise StripeError (400) naming `where`."""


@dataclass(frozen=True)
class Text:
    """A string of at most so many characters."""

    longest: int = 5000

    def read(self, value: object, where: str) -> str:
        """Give the string."""
        text = _string(value, where, "string")
        if len(text) > self.longest:
            message = f"Invalid string: {where} may have at most {self.longest} characters."
            raise invalid(message, param=where)
        return text


@dataclass(frozen=True)
class Url:
    """An absolute http or https address."""

    def read(self, value: object, where: str) -> str:
        """Give the address."""
        text = _string(value, where, "string")
        if not ADDRESS.match(text):
            message = f"Not a valid URL: {where} has to begin with http:// or https://."
            raise invalid(message, param=where, code="url_invalid")
        return text


@dataclass(frozen=True)
class Currency:
    """A currency that cards are charged in, as three lower-case letters."""

    def read(self, value: object, where: str) -> str:
        """Give the currency."""
        text = _string(value, where, "string")
        if text not in CURRENCIES:
            message = f"Invalid currency: {text[:40]}. Write one that cards are charged in, in lower-case letters."
            raise invalid(message, param=where)
        return text


@dataclass(frozen=True)
class Whole:
    """An integer, never a float."""

    least: int | None = None
    most: int | None = None

    def read(self, value: object, where: str) -> int:
        """Give the integer."""
        text = _string(value, where, "integer")
        if not WHOLE.fullmatch(text):
            raise invalid(f"Invalid integer: {text[:40]}", param=where, code="parameter_invalid_integer")
        number = int(text)
        if self.least is not None and number < self.least:
            message = f"This value must be greater than or equal to {self.least}."
            raise invalid(message, param=where, code="parameter_invalid_integer")
        if self.most is not None and number > self.most:
            message = f"This value must be less than or equal to {self.most}."
            raise invalid(message, param=where, code="parameter_invalid_integer")
        return number


@dataclass(frozen=True)
class Flag:
    """true or false."""

    def read(self, value: object, where: str) -> bool:
        """Give the boolean."""
        text = _string(value, where, "boolean")
        if text not in ("true", "false"):
            raise invalid(f"Invalid boolean: {text}", param=where)
        return text == "true"


@dataclass(frozen=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, value: object, where: str) -> str:
        """Give the word."""
        text = _string(value, where, "string")
        if text not in self.words:
            message = f"Invalid {where}: must be one of {', '.join(self.words)}"
            raise invalid(message, param=where)
        return text


@dataclass(frozen=True)
class Many:
    """A list."""

    of: Rule
    most: int = 1000

    def read(self, value: object, where: str) -> list[object]:
        """Give the list, in the order of its indexes."""
        if not isinstance(value, dict) or not all(map(PLACE.fullmatch, value)):
            raise invalid("Invalid array", param=where)
        places = sorted(value, key=int)
        if [int(place) for place in places] != list(range(len(places))):
            raise invalid("Invalid array: its indexes have gaps.", param=where)
        if len(places) > self.most:
            raise invalid(f"Invalid array: at most {self.most} entries.", param=where)
        return [self.of.read(value[place], f"{where}[{place}]") for place in places]


@dataclass(frozen=True)
class Metadata:
    """Up to 50 names with a value each; an empty value takes a name away."""

    def read(self, value: object, where: str) -> dict[str, str]:
        """Give the names and values as sent."""
        if value == "":
            return {"": ""}
        if not isinstance(value, dict):
            raise invalid("Invalid object", param=where)
        if len(value) > METADATA_KEYS:
            raise _too_many_keys(where)
        for name, text in value.items():
            _metadata_entry(name, text, where)
        return dict(value)


@dataclass(frozen=True)
class Unset:
    """What may be taken away again by an empty string."""

    rule: Rule

    def read(self, value: object, where: str) -> object:
        """Give None for an empty string."""
        return None if value == "" else self.rule.read(value, where)


@dataclass(frozen=True)
class Either:
    """A hash or a plain value."""

    plain: Rule
    nested: Rule

    def read(self, value: object, where: str) -> object:
        """Give whichever was sent."""
        rule = self.nested if isinstance(value, dict) else self.plain
        return rule.read(value, where)


@dataclass(frozen=True)
class Gone:
    """A parameter that this version of the API no longer takes."""

    code: str
    message: str

    def read(self, value: object, where: str) -> object:
        """Refuse it, whatever it holds."""
        del value
        raise invalid(self.message, param=where, code=self.code)


@dataclass(frozen=True)
class Hash:
    """A hash of known names, pairs of which may be `apart`: one of them at most. Every endpoint's table is one."""

    fields: Mapping[str, Rule] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    apart: tuple[tuple[str, str], ...] = ()

    def read(self, value: object, where: str = "") -> dict[str, Any]:
        """Give the known values in their types; refuse unknown names and missing ones."""
        if not isinstance(value, dict):
            raise invalid("Invalid object", param=where)
        unknown = [_inside(where, name) for name in value if name not in self.fields]
        if unknown:
            raise _unknown(unknown)
        for name in self.needs:
            if value.get(name, "") == "" and not (name in value and isinstance(self.fields[name], Unset)):
                raise missing(_inside(where, name))
        for one, other in self.apart:
            if one in value and other in value:
                raise exclusive(_inside(where, one), _inside(where, other))
        return {name: self.fields[name].read(entry, _inside(where, name)) for name, entry in value.items()}


def missing(where: str) -> StripeError:
    """Refuse a request that lacks a parameter."""
    return invalid(f"Missing required param: {where}.", param=where, code="parameter_missing")


def exclusive(first: str, second: str) -> StripeError:
    """Refuse two parameters that exclude each other."""
    message = f"You may only specify one of these parameters: {first}, {second}."
    return invalid(message, param=first, code="parameters_exclusive")


def merged(old: dict[str, str], change: dict[str, str] | None) -> dict[str, str]:
    """Give metadata after a change: names add up, empty values go, "" clears all."""
    if change is None:
        return old
    if change == {"": ""}:
        return {}
    both = {**old, **change}
    kept = {name: value for name, value in both.items() if value != ""}
    if len(kept) > METADATA_KEYS:
        raise _too_many_keys("metadata")
    return kept


def _inside(where: str, name: str) -> str:
    return f"{where}[{name}]" if where else name


def _string(value: object, where: str, kind: str) -> str:
    if not isinstance(value, str):
        raise invalid(f"Invalid {kind}: {where} is a hash.", param=where)
    if value == "":
        message = (
            f"You passed an empty string for '{where}'. Empty values unset a parameter,"
            f" and '{where}' cannot be unset. Leave it out, or give it a value."
        )
        raise invalid(message, param=where, code="parameter_invalid_empty")
    return value


def _metadata_entry(name: str, text: object, where: str) -> None:
    if not isinstance(text, str):
        raise invalid("Metadata values are strings.", param=f"{where}[{name}]")
    if len(name) > METADATA_NAME:
        message = f"Metadata keys may have up to {METADATA_NAME} characters."
        raise invalid(message, param=where)
    if len(text) > METADATA_VALUE:
        message = f"Metadata values may have up to {METADATA_VALUE} characters."
        raise invalid(message, param=f"{where}[{name}]")


def _too_many_keys(where: str) -> StripeError:
    return invalid(f"You can have up to {METADATA_KEYS} metadata keys.", param=where)


def _unknown(names: list[str]) -> StripeError:
    word = "parameter" if len(names) == 1 else "parameters"
    message = f"Received unknown {word}: {', '.join(names)}. (The sandbox knows those that the storefront uses.)"
    return invalid(message, param=names[0], code="parameter_unknown")
