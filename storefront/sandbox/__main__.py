"""python -m storefront.sandbox: the sandbox as a program."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from . import Options, create_sandbox
from .replies import MailDoor
from .server import HOST, Servers

LIVE = ("pk_live_", "rk_live_", "sk_live_")


def main() -> None:
    """Start the sandbox; end with a sentence when it cannot run."""
    given = _flags().parse_args()
    _refuse_live_key()
    if given.webhook_url and not given.webhook_secret:
        sys.exit("The webhook secret is empty: give --webhook-secret whsec_…")
    address = given.public_url or f"http://{HOST}:{given.port}"
    sandbox = create_sandbox(
        Options(
            public_url=address.rstrip("/"),
            data_dir=given.data_dir,
            webhook_url=given.webhook_url,
            webhook_secret=given.webhook_secret,
            mail_door=MailDoor(given.mail_url, os.environ.get("MAIL_WEBHOOK_SECRET", "")),
            rate=given.rate,
        )
    )
    try:
        servers = Servers(sandbox, given.port, given.smtp_port)
    except OSError as error:
        sys.exit(f"Port {given.port} or {given.smtp_port} on {HOST} cannot be used: {error}")
    print(f"Sandbox on {address}, letters at {address}/mail/", flush=True)
    servers.run()


def _flags() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m storefront.sandbox",
        description="A local Stripe and a mailbox. No money moves.",
    )
    parser.add_argument("--port", type=int, required=True, help="the API and the pages")
    parser.add_argument("--smtp-port", type=int, required=True, help="where letters arrive")
    parser.add_argument("--data-dir", type=Path, required=True, help="sandbox.db and mailbox/")
    parser.add_argument("--webhook-url", default="", help="where events are posted")
    parser.add_argument("--webhook-secret", default="", help="whsec_…, signs the events")
    parser.add_argument("--mail-url", default="", help="where answers to letters go, signed with MAIL_WEBHOOK_SECRET")
    parser.add_argument("--rate", type=int, default=0, help="requests a second to each endpoint; 0: no limit")
    parser.add_argument("--public-url", default="", help="how a browser reaches the pages")
    return parser


def _refuse_live_key() -> None:
    for name, value in os.environ.items():
        if value.strip().startswith(LIVE):
            sys.exit(f"{name} is a live key. The sandbox does not run beside one: unset it, or use a test key.")


if __name__ == "__main__":
    main()
