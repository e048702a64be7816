"""Reading a checklist document without stopping at the first mistake.

A checklist comes from a file, a form or a tablet's cache; whoever typed it wants every error at once, each
with the code of the place it stands at. `Node` is one mapping of the document that knows its place; all nodes
of one document share one list of errors.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

MOST = Decimal(1_000_000)
PLACES = 4
_PLAIN_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")


def exact(value: object) -> Decimal | None:
    """The exact decimal that was written, or None where it is no plain number.

    A float is read by its shortest spelling (0.1 is 0.1, never 0.1000000000000000055…), as YAML gives floats.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, str) and _PLAIN_DECIMAL.fullmatch(value):
        return Decimal(value)
    return None


def plain(value: Decimal) -> str:
    """A decimal as it travels: no exponent, no needless zeros: 4 · 0.75 · 100."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


class Node:
    """One mapping of the document, where it stands, and the list all errors go to."""

    __slots__ = ("doc", "errors", "place")

    def __init__(self, doc: object, place: str, errors: list[str]) -> None:
        self.place = place
        self.errors = errors
        self.doc: Mapping[object, object] = {}
        if isinstance(doc, Mapping):
            self.doc = doc
        else:
            self.fail("这里应是一组字段")

    def fail(self, sentence: str) -> None:
        """Note an error of this place; reading goes on."""
        self.errors.append(f"{self.place}：{sentence}")

    def has(self, key: str) -> bool:
        return self.doc.get(key) is not None

    def text(self, key: str, *, default: str | None = None) -> str:
        """The text at `key`; needed unless a default is given."""
        value = self.doc.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            self.fail(f"缺少 {key}" if value is None else f"{key} 应为文字，请加引号（写的是 {value}）")
            return ""
        if not value.strip() and default is None:
            self.fail(f"{key} 不能为空")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts at `key`; nothing there is an empty one."""
        value = self.doc.get(key)
        if value is None:
            return ()
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            self.fail(f"{key} 应为文字列表")
            return ()
        return tuple(value)

    def number(
        self,
        key: str,
        *,
        low: Decimal = Decimal(0),
        above: bool = False,
        high: Decimal = MOST,
        default: Decimal | None = None,
        places: int = PLACES,
    ) -> Decimal:
        """The exact decimal at `key`, between `low` (`above` it, if so told) and `high`."""
        raw = self.doc.get(key)
        if raw is None and default is not None:
            return default
        value = exact(raw)
        if value is None:
            self.fail(f"缺少 {key}" if raw is None else f"{key} 应为数字（写的是 {raw}）")
            return Decimal(1)
        if value < low or value > high or (above and value == low):
            self.fail(
                f"{key} 应{'大于' if above else '不小于'} {plain(low)} 且不超过 {plain(high)}（写的是 {raw}）"
            )
            return Decimal(1)
        if value != round(value, places):
            self.fail(f"{key} 最多 {places} 位小数（写的是 {raw}）")
        return value

    def whole(self, key: str, *, low: int, high: int, default: int | None = None) -> int:
        """The whole number at `key`, from `low` to `high`."""
        value = self.doc.get(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(f"缺少 {key}" if value is None else f"{key} 应为整数（写的是 {value}）")
            return low
        if not low <= value <= high:
            self.fail(f"{key} 应在 {low} 到 {high} 之间（写的是 {value}）")
            return low
        return value

    def flag(self, key: str) -> bool:
        """Yes or no at `key`; nothing there is no."""
        value = self.doc.get(key)
        if value is not None and not isinstance(value, bool):
            self.fail(f"{key} 应为 true 或 false（写的是 {value}）")
        return value is True

    def child(self, key: str) -> "Node":
        """The mapping at `key`, at this same place; nothing there is an empty one."""
        value = self.doc.get(key)
        return Node({} if value is None else value, self.place, self.errors)

    def nodes(self, key: str, label: str) -> "list[Node]":
        """The list of mappings at `key`; each is named by its `code`, or by `label` and its number."""
        value = self.doc.get(key)
        if not isinstance(value, list | tuple) or not value:
            self.fail(f"{key} 应为列表，且至少有一条")
            return []
        return [self._one_of_list(one, label, number) for number, one in enumerate(value, 1)]

    def _one_of_list(self, doc: object, label: str, number: int) -> "Node":
        code = doc.get("code") if isinstance(doc, Mapping) else None
        known = isinstance(code, str) and code.strip()
        return Node(doc, str(code) if known else f"{self.place} {label}第{number}条", self.errors)

    def only(self, known: tuple[str, ...]) -> None:
        """Refuse fields nobody reads: a mistyped one would change the score in silence."""
        for key in self.doc:
            if key not in known:
                self.fail(f"不认识的字段 {key}")
