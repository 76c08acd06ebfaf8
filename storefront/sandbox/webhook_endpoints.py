"""Webhook endpoints: who is told of events, and with which secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import refused
from .params import merged
from .world import VERSION, Thing, World

if TYPE_CHECKING:
    from .routes import Call

MOST = 16
COMMAND_LINE = "command line"


def create(world: World, call: Call) -> Thing | dict[str, Any]:
    """Make an endpoint. Its secret is shown in this one answer only."""
    if len(world.query("webhook_endpoint")) >= MOST:
        message = f"You have reached the maximum of {MOST} test webhook endpoints."
        raise refused(message)
    secret = world.ids.new("whsec", 32)
    endpoint = _make(world, call.params, {"secret": secret})
    return {**endpoint, "secret": secret}


def update(world: World, call: Call) -> Thing:
    """Change an endpoint, or switch it off."""
    endpoint = world.fetch("webhook_endpoint", call.ids[0])
    for name in ("description", "enabled_events", "url"):
        if name in call.params:
            endpoint[name] = call.params[name]
    if "disabled" in call.params:
        _switch(world, endpoint, on=not call.params["disabled"])
    endpoint["metadata"] = merged(endpoint["metadata"], call.params.get("metadata"))
    return world.save(endpoint)


def _switch(world: World, endpoint: Thing, *, on: bool) -> None:
    endpoint["status"] = "enabled" if on else "disabled"
    if not on:
        world.db.execute(
            "UPDATE deliveries SET state = 'given up' WHERE endpoint = ? AND state = 'waiting'", (endpoint.id,)
        )


def delete(world: World, call: Call) -> dict[str, Any]:
    """Take an endpoint away; what it was still owed is not sent."""
    endpoint = world.fetch("webhook_endpoint", call.ids[0])
    world.db.execute("DELETE FROM things WHERE id = ?", (endpoint.id,))
    world.db.execute("DELETE FROM deliveries WHERE endpoint = ?", (endpoint.id,))
    return {"id": endpoint.id, "object": "webhook_endpoint", "deleted": True}


def ensure(world: World, url: str, secret: str) -> None:
    """Keep the endpoint of the command line as it was given at this start."""
    for endpoint in world.query("webhook_endpoint"):
        if endpoint.hidden.get("origin") == COMMAND_LINE:
            endpoint["url"] = url
            endpoint.hidden["secret"] = secret
            world.save(endpoint)
            return
    params = {"url": url, "enabled_events": ["*"], "description": "Given on the command line"}
    _make(world, params, {"secret": secret, "origin": COMMAND_LINE})


def _make(world: World, params: dict[str, Any], hidden: dict[str, Any]) -> Thing:
    body = {
        "id": world.ids.new("we"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version", VERSION),
        "application": None,
        "created": world.now,
        "description": params.get("description"),
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": merged({}, params.get("metadata")),
        "status": "enabled",
        "url": params["url"],
    }
    return world.add(Thing(body, hidden))
