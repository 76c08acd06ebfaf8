"""Tax transactions: what a shop reports of its calculations, and takes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import lists
from .errors import invalid, refused
from .params import merged, missing
from .tax import usable
from .world import Thing, World

if TYPE_CHECKING:
    from .errors import StripeError
    from .routes import Call


def record(world: World, call: Call) -> Thing:
    """Make a transaction of a calculation, once per reference."""
    calculation = usable(world, call.params["calculation"], "calculation")
    return _post(world, calculation, call.params["reference"], call.params)


def settle(world: World, intent: Thing) -> None:
    """Report the tax of a payment that has succeeded."""
    hooks = intent.get("hooks")
    if hooks:
        calculation = world.fetch("tax.calculation", hooks["inputs"]["tax"]["calculation"])
        _post(world, calculation, intent.id, {})


def reverse(world: World, call: Call) -> Thing:
    """Take a transaction back, in full or (flat_amount, negative and with its tax) in part."""
    params = call.params
    original = world.fetch("tax.transaction", params["original_transaction"], "original_transaction")
    _refuse_reference(world, params["reference"])
    share = _share(original, params)
    items = [_posted(world, item, "reversal", share) for item in original.hidden["line_items"]]
    facts = {
        "posted_at": world.now,
        "reversal": {"original_transaction": original.id},
        "type": "reversal",
    }
    return _transaction(world, original, params["reference"], items, facts, params.get("metadata"))


def line_items(world: World, call: Call) -> dict[str, Any]:
    """Give one page of the items of a transaction."""
    return lists.items(call, world.fetch("tax.transaction", call.ids[0]).hidden["line_items"])


def _post(world: World, calculation: Thing, reference: str, params: dict[str, Any]) -> Thing:
    _refuse_reference(world, reference)
    items = [_posted(world, item, "transaction") for item in calculation.hidden["line_items"]]
    facts = {"posted_at": params.get("posted_at", world.now), "reversal": None, "type": "transaction"}
    return _transaction(world, calculation, reference, items, facts, params.get("metadata"))


def _refuse_reference(world: World, reference: str) -> None:
    if world.query("tax.transaction", "json_extract(body, '$.reference') = ?", reference):
        message = f"There is already a tax transaction with the reference '{reference}'."
        raise refused(message, param="reference")


def _share(original: Thing, params: dict[str, Any]) -> tuple[int, int]:
    whole = sum(_gross(item) for item in original.hidden["line_items"])
    if params["mode"] == "full":
        return whole, whole
    if "flat_amount" not in params:
        raise missing("flat_amount")
    part = -params["flat_amount"]
    if not 0 < part <= whole:
        raise _too_much(part, whole)
    return part, whole


def _too_much(part: int, whole: int) -> StripeError:
    message = f"flat_amount has to be negative and no more than the transaction's {whole}, tax included: {-part}."
    return invalid(message, param="flat_amount")


def _gross(item: dict[str, Any]) -> int:
    tax = item["amount_tax"] if item["tax_behavior"] == "exclusive" else 0
    return int(item["amount"] + tax)


def _posted(world: World, item: dict[str, Any], kind: str, share: tuple[int, int] | None = None) -> dict[str, Any]:
    part, whole = share or (-1, 1)
    names = ("product", "quantity", "reference", "tax_behavior", "tax_code")
    return {
        "id": world.ids.new("tax_li", 14),
        "object": "tax.transaction_line_item",
        "amount": -item["amount"] * part // whole,
        "amount_tax": -item["amount_tax"] * part // whole,
        "livemode": False,
        "metadata": {},
        **{name: item[name] for name in names},
        "reversal": {"original_line_item": item["id"]} if share else None,
        "type": kind,
    }


def _transaction(
    world: World,
    about: Thing,
    reference: str,
    items: list[dict[str, Any]],
    facts: dict[str, Any],
    metadata: dict[str, str] | None,
) -> Thing:
    ident = world.ids.new("tax", 24)
    names = ("currency", "customer", "customer_details", "ship_from_details", "shipping_cost", "tax_date")
    body = {
        "id": ident,
        "object": "tax.transaction",
        "created": world.now,
        **{name: about[name] for name in names},
        "livemode": False,
        "metadata": merged({}, metadata),
        "reference": reference,
        **facts,
        "line_items": lists.head(items, f"/v1/tax/transactions/{ident}/line_items"),
    }
    return world.add(Thing(body, {"line_items": items}))
