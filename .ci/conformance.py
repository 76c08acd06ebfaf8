"""Sums up the reports of the conformance proxy: `conformance: R requests, S responses, E events, a/b/c errors`."""

import json
import sys
from pathlib import Path

SIDES = ("request", "response", "event")


def main(folder: Path) -> int:
    """Print the sum, each violation, and return 1 where there was an error or nothing was seen."""
    reports = [json.loads(each.read_text()) for each in sorted(folder.glob("*.json"))]
    events = sum(count for each in reports for name, count in each["operations"].items() if name.startswith("EVENT"))
    exchanges = sum(each["exchanges"] for each in reports) - events
    errors = [sum(_errors(each, side) for each in reports) for side in SIDES]
    for report in reports:
        for violation in report.get("violations", []):
            if violation["severity"] == "error":
                print(violation)
    print(
        f"conformance: {exchanges} requests, {exchanges} responses, {events} events, {'/'.join(map(str, errors))} errors"
    )
    return 1 if sum(errors) or not exchanges else 0


def _errors(report: dict, side: str) -> int:
    return sum(count for name, count in report["by_side"].items() if name == f"{side}/error")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
