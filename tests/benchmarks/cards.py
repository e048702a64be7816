"""A hundred scorecards on two workers."""

from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import card
from tests.benchmarks.figures import Figure


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """Time and CPU of all, memory of the larger worker at the end. Quick: twenty, held to a fifth of the time."""
    number = 20 if quick else 100
    took, spent, memory = card.hundred(folder, number, 2)
    yield Figure("cards", f"{number} cards on 2 workers", took, "s", bar=f"value <= {0.3 * number:g}")
    yield Figure("cards", "CPU a card", spent / number, "s")
    yield Figure("cards", "memory of a worker", memory, "MiB", bar="value <= 250")
