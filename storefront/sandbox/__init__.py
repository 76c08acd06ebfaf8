"""A local Stripe and a mailbox, so that everything runs with no account and no network.

It imports nothing else of the storefront, is reached only over HTTP through the official
client, and refuses to run beside a live key.
"""

from .app import Sandbox, create_sandbox
from .errors import AnswerLostError
from .options import Options

__all__ = ["AnswerLostError", "Options", "Sandbox", "create_sandbox"]
