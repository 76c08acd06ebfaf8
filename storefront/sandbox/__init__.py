"""A local Stripe and a mailbox, so that everything runs with no account and no network.

It imports nothing else of the storefront, is reached only over HTTP through the official
client, and refuses to run beside a live key.

A simulation may drive it inside its own process, with no thread, no socket and no wall clock:

    sandbox = create_sandbox(Options(
        public_url="http://sandbox.example",
        webhook_url="http://shop.example/webhooks/stripe", webhook_secret="whsec_x",
        wall=lambda: clock.seconds, sleep=clock.sleep, seed=7,
        send=lambda url, body, headers: shop.receive(body, headers["Stripe-Signature"]),
    ))
    reply = sandbox.call("POST", "/v1/customers", {"Authorization": "Bearer sk_test_x"}, b"email=a@b.c")
    sandbox.call("POST", "/_sandbox/faults", {}, b'{"kind": "timeout_after_commit"}')
    sandbox.machine.deliverer.deliver_due()

- Time: move the clock behind `wall`, then call `sandbox.machine.tick()`; holds, sessions, refunds
  and disputes fall due at the next call anyway. `sandbox.machine.advance(seconds)` travels in
  sandbox time only: the wall, by which webhooks are tried again and signed, stays where it is.
- Webhooks leave only in `deliver_due()`, oldest first; it gives how many tries were made. `send`
  gives the status that the shop answers; OSError is a shop that cannot be reached.
- An answer that a fault loses is AnswerLostError. Whether the call was done, the caller cannot know.
- The same options and the same calls give the same ids, times, order and bytes.
"""

from .app import Reply, Sandbox, create_sandbox
from .errors import AnswerLostError
from .options import Options

__all__ = ["AnswerLostError", "Options", "Reply", "Sandbox", "create_sandbox"]
