"""Two ways to capture the same number of holds, each in a process of its own that prints what it took.

`ours`: the worker's own jobs on a database, from the moment of the launch to the last record committed.
`floor`: a bare loop of stripe-python over the same server, with the same number of threads and connections, unpaced.
"""

import json
import resource
import sys
import time
from collections.abc import Callable

import stripe

from storefront.outside.stripe_gateway import API_VERSION
from tests.bench.parts import THREADS, in_threads
from tests.support.world import KEY


def ours() -> dict[str, float]:
    """Launch, grant, charge, as the worker does it; then every invariant is looked at."""
    from storefront import worker
    from storefront.actions.checking import check
    from storefront.app import create_app
    from storefront.settings import Settings
    from storefront.web.context import Shop

    app = create_app(Settings.from_env())
    shop: Shop = app.extensions["shop"]
    jobs = {each.name: each for each in worker.JOBS}
    begin, busy = time.perf_counter(), time.process_time()
    worker.run(app, jobs["launch"])
    granted = worker.run(app, jobs["grant"])
    grants = time.perf_counter() - begin
    drained = 0
    while done := worker.run(app, jobs["charge"]):
        drained += done
    took = {"seconds": time.perf_counter() - begin, "grants": grants, "busy": time.process_time() - busy}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with shop.db.read() as session:
        broken = check(session, shop.clock.now())
    if broken:
        raise SystemExit("; ".join(broken[:5]))
    return took | {"granted": granted, "drained": drained, "memory": memory}


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


SIDES: dict[str, Callable[[], dict[str, float]]] = {"ours": ours, "floor": floor}

if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]]()))
