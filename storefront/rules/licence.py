"""Licence keys: XXXX-XXXX-XXXX-XXXX, the last character a check on the others."""

import hashlib
import hmac

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
