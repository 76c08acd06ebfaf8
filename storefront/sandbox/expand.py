"""expand[]: ids in an answer replaced by what they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import lists
from .errors import invalid

if TYPE_CHECKING:
    from .world import Thing, World

DEEPEST = 4

# What may be expanded in each object, and the kind it names. None: known to Stripe,
# always null or of no account here.
FIELDS: dict[str, dict[str, str | None]] = {
    "payment_intent": {
        "customer": "customer",
        "payment_method": "payment_method",
        "latest_charge": "charge",
        "application": None,
        "on_behalf_of": None,
        "review": None,
    },
    "setup_intent": {
        "customer": "customer",
        "payment_method": "payment_method",
        "latest_attempt": None,
        "mandate": None,
        "single_use_mandate": None,
    },
    "charge": {
        "customer": "customer",
        "payment_intent": "payment_intent",
        "balance_transaction": "balance_transaction",
        "refunds": "refund",
        "application": None,
        "review": None,
    },
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "refund": {
        "charge": "charge",
        "payment_intent": "payment_intent",
        "balance_transaction": "balance_transaction",
        "failure_balance_transaction": "balance_transaction",
        "transfer_reversal": None,
    },
    "checkout.session": {
        "customer": "customer",
        "payment_intent": "payment_intent",
        "setup_intent": "setup_intent",
        "line_items": "item",
        "invoice": None,
        "payment_link": None,
        "subscription": None,
    },
    "item": {"taxes": None},
    "payment_method": {"customer": "customer"},
    "tax.calculation": {"line_items": "item"},
    "tax.transaction": {"line_items": "item"},
    "balance_transaction": {"source": "charge"},
    "customer": {"default_source": None, "invoice_settings": "", "test_clock": None},
    "invoice_settings": {"default_payment_method": "payment_method"},
}


def apply(world: World, answer: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """Give the answer with every path expanded; raise 400 for one that cannot be."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            message = f"You cannot expand more than {DEEPEST} levels of a property ({path})."
            raise invalid(message, param="expand")
        answer = _expand(world, answer, steps, path)
    return answer


def _expand(world: World, holder: dict[str, Any], steps: list[str], path: str) -> dict[str, Any]:
    step, rest = steps[0], steps[1:]
    copy = dict(holder)
    if holder.get("object") == "list":
        if step != "data":
            raise _refusal(path)
        if rest:
            copy["data"] = [_expand(world, entry, rest, path) for entry in holder["data"]]
        return copy
    copy[step] = _inside(world, holder, step, path)
    if rest and isinstance(copy[step], dict):
        copy[step] = _expand(world, copy[step], rest, path)
    return copy


def _inside(world: World, holder: dict[str, Any], step: str, path: str) -> object:
    # invoice_settings is a plain hash: it has no "object" of its own.
    fields = FIELDS.get(holder.get("object", "invoice_settings"), {})
    if step not in fields:
        raise _refusal(path)
    kind, value = fields[step], holder.get(step)
    if step == "refunds":
        ours = "intent = ? AND json_extract(body, '$.charge') = ?"
        refunds = world.query("refund", ours, holder["payment_intent"], holder["id"])
        url = f"/v1/charges/{holder['id']}/refunds"
        return lists.head([dict(refund) for refund in reversed(refunds)], url)
    if step == "line_items":
        thing = world.fetch(holder["object"], holder["id"])
        url = f"/v1/{holder['object'].replace('.', '/')}s/{thing.id}/line_items"
        return lists.head(_items(thing, path), url)
    if kind and isinstance(value, str):
        return dict(_named(world, kind, value))
    return value


def _items(thing: Thing, path: str) -> list[dict[str, Any]]:
    """Give the items of a thing, with their taxes only where those are asked for."""
    items: list[dict[str, Any]] = thing.hidden["line_items"]
    if not path.endswith("line_items.data.taxes"):
        return items
    taxes = thing.hidden.get("taxes", {})
    return [{**item, "taxes": taxes.get(item["id"], [])} for item in items]


def _named(world: World, kind: str, ident: str) -> dict[str, Any]:
    # A row of the balance names a charge, a refund or a dispute.
    kind = {"re": "refund", "du": "dispute"}.get(ident.partition("_")[0], kind)
    return world.find(kind, ident) or world.fetch(kind, ident)


def _refusal(path: str) -> Exception:
    return invalid(f"This property cannot be expanded ({path}).", param="expand")
