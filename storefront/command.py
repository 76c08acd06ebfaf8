"""The `storefront` command. `storefront delay` needs neither settings nor a database, and starts without them."""

import sys
from importlib import import_module

from storefront.explain import delay


def main() -> None:
    """Run one command; all but `delay` stand in `storefront.cli`, which takes its time to load."""
    if sys.argv[1:2] == ["delay"]:
        delay(args=sys.argv[2:], prog_name="storefront delay")
    import_module("storefront.cli").main(prog_name="storefront")


if __name__ == "__main__":
    main()
