"""`./dev bench [name…] [--part one] [--quick] [--json] [--strict]`: measure, and hold the figures against their bars."""

import argparse
import importlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.figures import Figure, table

BENCHES = {
    "submit": "inspection.submit from 32 tablets, beside the verb alone and SQLite alone",
    "submit_memory": "the server's memory over 20,000 submissions",
    "memory": "the server's memory over 50,000 commands and 10 GB of photos",
    "history": "a submission behind ten times the history",
    "photos": "twelve photos of 300 kB through tus",
    "card": "one scorecard, warm",
    "cards": "a hundred scorecards on two workers",
    "start": "the second ./dev serve, to the first page",
    "repush": "receipted commands pushed again",
    "returning": "forty tablets that come back at once",
    "upload": "a photo through tus beside a plain PUT",
    "pull": "pages of the feed",
    "daily": "the ladder over 50,000 open tasks",
    "ledger": "a 台账 of 10,000 rows with thumbnails, and its memory",
    "boards": "今日 of each role over 50,000 tasks",
    "tablet": "the tablet app in Chromium: start, sheet, taps, photos, first pull",
}


def main(args: Sequence[str]) -> int:
    """Run the named benchmarks (all when none is named). 1 when one broke, or with --strict when a bar fell."""
    asked = _parser().parse_args(list(args))
    found: list[Figure] = []
    broken: list[str] = []
    for name in asked.names or BENCHES:
        begun = time.perf_counter()
        try:
            for figure in _measured(name, asked.quick, asked.part):
                found.append(figure)
                if asked.json:
                    print(figure.as_json(), flush=True)
        except Exception as error:
            broken.append(name)
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        print(f"· {name} {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    if found and not asked.json:
        print(table(found))
    fallen = asked.strict and any(figure.ok is False for figure in found)
    return 1 if broken or fallen else 0


def _measured(name: str, quick: bool, parts: list[str]) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="xuncun-bench-", ignore_cleanup_errors=True) as folder:
        module = importlib.import_module(f"tests.benchmarks.{name}")
        known = getattr(module, "PARTS", ())
        if strange := set(parts) - set(known):
            raise ValueError(
                f"no such part: {', '.join(sorted(strange))}; there are: {', '.join(known) or 'none'}"
            )
        yield from module.measure(Path(folder), quick, *([parts] if parts else []))


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:14} {told}" for name, told in BENCHES.items())
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        description=f"Measure:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], metavar="name")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
    parser.add_argument("--quick", action="store_true", help="small counts: does it run, is it about right")
    parser.add_argument(
        "--part", action="append", default=[], help="only this part of it (of the tablet's, say)"
    )
    parser.add_argument("--strict", action="store_true", help="exit 1 when a figure misses its bar")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
