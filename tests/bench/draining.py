"""Two ways to capture the same number of holds, each in a process of its own that prints what it took.

`ours`: the worker's own jobs on a database, from the moment of the launch to the last record committed.
`floor`: a bare loop of stripe-python over the same server, with the same number of threads and connections, unpaced.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import stripe
from sqlalchemy import func, select, text

from storefront.models.db import Database
from storefront.models.orders import Order
from storefront.outside.stripe_gateway import API_VERSION
from tests.bench.parts import THREADS, in_threads
from tests.support.world import KEY


def ours() -> dict[str, float]:
    """Launch, grant, charge, as the worker does it; then every invariant is looked at. `drained`: orders that are paid."""
    from storefront import worker
    from storefront.actions.checking import check
    from storefront.app import started
    from storefront.web.context import Shop

    app = started()
    shop: Shop = app.extensions["shop"]
    jobs = {each.name: each for each in worker.JOBS}
    begin, busy = time.perf_counter(), time.process_time()
    worker.run(app, jobs["launch"])
    granted = worker.run(app, jobs["grant"])
    grants = time.perf_counter() - begin
    while worker.run(app, jobs["charge"]):
        pass
    took = {"seconds": time.perf_counter() - begin, "grants": grants, "busy": time.process_time() - busy}
    took["memory"] = _peak()
    with shop.db.read() as session:
        broken = check(session, shop.clock.now())
        drained = session.scalars(select(func.count(Order.id)).where(Order.state == "paid")).one()
    if broken:
        raise SystemExit("; ".join(broken[:5]))
    return took | {"granted": granted, "drained": drained}


def _peak() -> float:
    """The most memory this process ever had, in MiB. (`ru_maxrss` begins with that of the process it was started by.)"""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def floor() -> dict[str, float]:
    """Capture what standard input names, and nothing else."""
    base, intents = sys.argv[2], sys.stdin.read().split()
    client = stripe.StripeClient(
        KEY,
        base_addresses={"api": base},
        stripe_version=API_VERSION,
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=20),
    )
    begin, busy = time.perf_counter(), time.process_time()
    capture = client.v1.payment_intents.capture
    in_threads(lambda each: capture(each, {}, {"idempotency_key": f"bench:{each}"}), intents, THREADS)
    return {"seconds": time.perf_counter() - begin, "busy": time.process_time() - busy, "drained": len(intents)}


def bare_grants(url: str, orders: int) -> float:
    """Seconds for the bare rows of so many grants and letters: two INSERTs of 500 rows a transaction, same engine."""
    db = Database(url)
    tables = ("grants", "letters")
    with db.write() as session:
        for table in tables:
            session.execute(
                text(f"CREATE TABLE bare_{table} (order_id bigint UNIQUE, link varchar(64), at varchar(40))")
            )
    rows = [{"o": n, "link": f"{n:064}", "at": "2026-01-01T10:00:00+00:00"} for n in range(orders)]
    begin = time.perf_counter()
    for start in range(0, orders, 500):
        with db.write() as session:
            for table in tables:
                session.execute(text(f"INSERT INTO bare_{table} VALUES (:o, :link, :at)"), rows[start : start + 500])  # noqa: S608 (two names)
    took = time.perf_counter() - begin
    db.engine.dispose()
    return took


SIDES: dict[str, Callable[[], dict[str, float]]] = {"ours": ours, "floor": floor}

if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]]()))
