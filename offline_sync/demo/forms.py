"""Reading the desk's pages as a browser does: forms with what they would send, rows, alerts, texts by id."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


@dataclass
class Form:
    """A form: where it goes, and the fields it sends if nothing is touched."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, changes: dict[str, str | list[str]]) -> list[tuple[str, str]]:
        """The fields with some replaced; a list gives the name several times, [] takes it away."""
        kept = [(name, value) for name, value in self.fields if name not in changes]
        for name, value in changes.items():
            kept += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        return kept


@dataclass
class Row:
    """A table's row: addresses of its links, texts of its cells."""

    links: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """A page, read. `choices` holds every value that a checkbox or a radio of a name offers, ticked or not."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.rows: list[Row] = []
        self.links: list[str] = []
        self.alerts: list[str] = []
        self.by_id: dict[str, str] = {}
        self.choices: dict[str, list[str]] = {}
        self._open: Form | None = None
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._area: str | None = None
        # what a text is being gathered for: (tag, depth of that tag inside, where it goes, its pieces)
        self._gather: list[tuple[str, list[int], str, list[str]]] = []
        self.feed(html)

    def form(self, ending: str) -> Form | None:
        """The form whose action ends so."""
        return next((one for one in self.forms if one.action.endswith(ending)), None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for kind, depth, _, _ in self._gather:
            if kind == tag and tag not in _VOID:
                depth[0] += 1
        self._start_field(tag, given)
        if tag == "tr":
            self.rows.append(Row())
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
            if self.rows:
                self.rows[-1].links.append(given["href"])
        if tag in ("td", "th"):
            self._begin(tag, "cell")
        if tag not in _VOID:
            if given.get("role") == "alert":
                self._begin(tag, "alert")
            if "id" in given:
                self._begin(tag, f"#{given['id']}")

    def handle_endtag(self, tag: str) -> None:
        for one in [one for one in self._gather if one[0] == tag]:
            one[1][0] -= 1
            if one[1][0] == 0:
                self._gather.remove(one)
                self._gathered(one[2], " ".join("".join(one[3]).split()))
        if tag == "form":
            self._open = None
        if tag == "select" and self._select is not None and self._open:
            chosen = next((value for value, on in self._options if on), None)
            value = chosen if chosen is not None else next((value for value, _ in self._options), "")
            self._open.fields.append((self._select, value))
            self._select = None

    def handle_data(self, data: str) -> None:
        for _, _, _, pieces in self._gather:
            pieces.append(data)
        if self._area is not None and self._open:
            self._open.fields.append((self._area, data))
            self._area = None

    def _begin(self, tag: str, where: str) -> None:
        self._gather.append((tag, [1], where, []))

    def _gathered(self, where: str, text: str) -> None:
        if where == "cell" and self.rows:
            self.rows[-1].cells.append(text)
        elif where == "alert":
            self.alerts.append(text)
        elif where.startswith("#"):
            self.by_id[where[1:]] = text

    def _start_field(self, tag: str, given: dict[str, str]) -> None:
        if tag == "form":
            self._open = Form(given.get("action", ""))
            self.forms.append(self._open)
        elif tag == "input" and "name" in given:
            name, value, kind = given["name"], given.get("value", ""), given.get("type", "text")
            if kind in ("checkbox", "radio"):
                self.choices.setdefault(name, []).append(value)
            ticked = kind not in ("checkbox", "radio") or "checked" in given
            if self._open and ticked and kind not in ("file", "submit", "button"):
                self._open.fields.append((name, value))
        elif tag == "select":
            self._select, self._options = given.get("name", ""), []
        elif tag == "option":
            self._options.append((given.get("value", ""), "selected" in given))
        elif tag == "textarea":
            self._area = given.get("name", "")
