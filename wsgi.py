"""The door for gunicorn: `gunicorn wsgi:app`."""

import sys

from storefront.app import started
from storefront.models.db import DatabaseUnreachable
from storefront.settings import SettingsError

try:
    app = started()
except (SettingsError, DatabaseUnreachable) as refusal:
    sys.exit(f"storefront does not start: {refusal}")
