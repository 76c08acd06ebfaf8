"""Lists: newest first, in pages, with the filters each endpoint knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import absent
from .params import exclusive
from .world import WORDS, Thing, World, thing_of

if TYPE_CHECKING:
    from .routes import Call

PAGE = 10
EVENT_LIFE = 30 * 24 * 60 * 60
BOUNDS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

# A filter's name and the expression it compares.
FILTERS = {
    "customer": "customer",
    "payment_intent": "intent",
    "status": "state",
    "type": "json_extract(body, '$.type')",
    "email": "json_extract(body, '$.email')",
    "payment_method": "json_extract(body, '$.payment_method')",
    "currency": "json_extract(body, '$.currency')",
    "transfer_group": "json_extract(body, '$.transfer_group')",
    "charge": "json_extract(body, '$.charge')",
    "source": "intent",
    "customer_details": "json_extract(body, '$.customer_details.email')",
}


def page(world: World, call: Call, kind: str, fixed: dict[str, object] | None = None) -> dict[str, Any]:
    """Give one page of a kind, by the filters of the call and those that always hold."""
    wheres, values = _filters(call.params, fixed or {})
    return _page(world, call, kind, wheres, values)


def events(world: World, call: Call) -> dict[str, Any]:
    """Give one page of events, also of a group such as charge.*; 30 days of them."""
    params = dict(call.params)
    kind = params.pop("type", "*")
    wheres, values = _filters(params, {})
    wheres += ["created >= ?", "state GLOB ?" if "*" in kind else "state = ?"]
    values += [world.now - EVENT_LIFE, kind]
    if "types" in params:
        wheres.append(f"state IN ({', '.join('?' * len(params['types']))})")
        values.extend(params["types"])
    if "delivery_success" in params:
        owed = "id IN (SELECT event FROM deliveries WHERE state != 'delivered')"
        wheres.append(f"NOT {owed}" if params["delivery_success"] else owed)
    return _page(world, call, "event", wheres, values)


def event(world: World, call: Call) -> Thing:
    """Give an event of the last 30 days."""
    found = world.fetch("event", call.ids[0])
    if found["created"] < world.now - EVENT_LIFE:
        raise absent("event", found.id, "id")
    return found


def of(things: list[dict[str, Any]], url: str, *, more: bool = False) -> dict[str, Any]:
    """Give a list object."""
    return {"object": "list", "data": things, "has_more": more, "url": url}


def head(things: list[dict[str, Any]], url: str) -> dict[str, Any]:
    """Give a list as it stands inside another object: its first page."""
    return of(things[:PAGE], url, more=len(things) > PAGE)


def items(call: Call, things: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the page that a call asks for of what is a part of something else, such as line items."""
    params = call.params
    _refuse_both_ways(params)
    places = {thing["id"]: place for place, thing in enumerate(things)}
    limit = params.get("limit", PAGE)
    if "ending_before" in params:
        last = _item_place(places, params["ending_before"], "ending_before")
        first = max(last - limit, 0)
        return of(things[first:last], call.path, more=first > 0)
    first = _item_place(places, params["starting_after"], "starting_after") + 1 if "starting_after" in params else 0
    return of(things[first : first + limit], call.path, more=first + limit < len(things))


def _item_place(places: dict[str, int], ident: str, param: str) -> int:
    if ident not in places:
        raise absent("item", ident, param, 400)
    return places[ident]


def _refuse_both_ways(params: dict[str, Any]) -> None:
    if "starting_after" in params and "ending_before" in params:
        raise exclusive("starting_after", "ending_before")


def _filters(params: dict[str, Any], fixed: dict[str, object]) -> tuple[list[str], list[object]]:
    wheres: list[str] = []
    values: list[object] = []
    for name, expression in FILTERS.items():
        wanted = params.get(name, fixed.get(name))
        if wanted is not None:
            wheres.append(f"{expression} = ?")
            values.append(wanted["email"] if isinstance(wanted, dict) else wanted)
    if "charge" in params:
        # Found by the payment's index, then compared.
        wheres.append("intent = (SELECT intent FROM things WHERE id = ?)")
        values.append(params["charge"])
    created = params.get("created", {})
    bounds = created if isinstance(created, dict) else {"gte": created, "lte": created}
    for bound, second in bounds.items():
        wheres.append(f"created {BOUNDS[bound]} ?")
        values.append(second)
    return wheres, values


def _page(world: World, call: Call, kind: str, wheres: list[str], values: list[object]) -> dict[str, Any]:
    params = call.params
    _refuse_both_ways(params)
    backwards = "ending_before" in params
    for name, sign in (("starting_after", "<"), ("ending_before", ">")):
        if name in params:
            wheres.append(f"seq {sign} ?")
            values.append(_place(world, kind, params[name], name))
    limit = params.get("limit", PAGE)
    things = _select(world, kind, wheres, values, "ASC" if backwards else "DESC", limit + 1)
    more = len(things) > limit
    shown = things[:limit][::-1] if backwards else things[:limit]
    return of([dict(thing) for thing in shown], call.path, more=more)


def _select(world: World, kind: str, wheres: list[str], values: list[object], order: str, limit: int) -> list[Thing]:
    if kind == "customer":
        wheres = [*wheres, "json_extract(body, '$.deleted') IS NULL"]
    where = " AND ".join(["kind = ?", *wheres])
    rows = world.db.execute(
        f"SELECT body, hidden, due FROM things WHERE {where}"  # noqa: S608 - expressions are ours
        f" ORDER BY seq {order} LIMIT ?",
        (kind, *values, limit),
    )
    return [thing_of(row) for row in rows]


def _place(world: World, kind: str, ident: str, param: str) -> int:
    row = world.db.execute("SELECT seq FROM things WHERE id = ? AND kind = ?", (ident, kind)).fetchone()
    if row is None:
        raise absent(WORDS.get(kind, kind), ident, param, 400)
    return int(row["seq"])
