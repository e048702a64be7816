"""What a benchmark found: figures, each against its bar, told as a table or one JSON object a line."""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass

_BAR = re.compile(r"(value|ratio) (<=|>=) ([\d.]+)")


@dataclass
class Figure:
    """One figure. `ratio` is value ÷ baseline; `bar` reads `value <= 5` or `ratio >= 0.4`; `ok` None: no bar."""

    bench: str
    metric: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    bar: str = ""
    ok: bool | None = None

    def __post_init__(self) -> None:
        if self.ratio is None and self.baseline:
            self.ratio = self.value / self.baseline
        if self.bar and self.ok is None:
            self.ok = self._holds()

    def _holds(self) -> bool:
        read = _BAR.fullmatch(self.bar)
        if read is None:
            raise ValueError(f"not a bar: {self.bar}")
        measured = self.value if read[1] == "value" else self.ratio
        if measured is None:
            raise ValueError(f"{self.bench} {self.metric}: a bar on a ratio needs a baseline")
        return measured <= float(read[3]) if read[2] == "<=" else measured >= float(read[3])

    def as_json(self) -> str:
        """One line for programs."""
        told = {
            key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(self).items()
        }
        return json.dumps(told, ensure_ascii=False)

    def as_cells(self) -> tuple[str, ...]:
        """One row for people."""
        mark = {True: "✓", False: "✗", None: ""}[self.ok]
        base = "" if self.baseline is None else f"{_short(self.baseline)}"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return (self.bench, self.metric, f"{_short(self.value)} {self.unit}", base, ratio, self.bar, mark)


HEAD = ("bench", "metric", "value", "baseline", "ratio", "bar", "")


def table(figures: Iterable[Figure]) -> str:
    """The figures under each other; wide characters count two columns."""
    lines = [HEAD, *(figure.as_cells() for figure in figures)]
    widths = [max(_columns(line[n]) for line in lines) for n in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell + " " * (widths[n] - _columns(cell)) for n, cell in enumerate(line)).rstrip()
        for line in lines
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
