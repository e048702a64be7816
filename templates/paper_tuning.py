"""What a print worker remembers from sheet to sheet: styles, resolved lengths, and lines of text once measured.

Cards of a round share their style sheet, their forty-two sentences and their columns; WeasyPrint works all of it
out anew for each. Every hook here answers from memory what it was asked before and otherwise calls the original,
so a sheet comes out the same to the byte: tests/templates/test_paper_tuning.py holds it to that. The hooks know
the inside of one version; under any other nothing is hooked, and a card merely costs more.
"""

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any
from xml.etree.ElementTree import Element

import weasyprint
from weasyprint.css import StyleFor
from weasyprint.formatting_structure import boxes
from weasyprint.layout import percent
from weasyprint.text import line_break
from weasyprint.text.ffi import pango

_VERSION = "70.0"
_LINES = 6000  # measured lines kept, some kB each: a card has about 700, of which 500 are every card's
_STYLES = 2000  # a scorecard has about 250

_measured: OrderedDict[Hashable, Any] = OrderedDict()
_styles: dict[Hashable, Any] = {}

_split_first_line = line_break.split_first_line
_strut = line_break.strut
_resolve_percentages = percent.resolve_percentages
_set_computed_styles = StyleFor.set_computed_styles
_set_text = line_break.Layout.set_text
_reactivate = line_break.Layout.reactivate


def tune() -> bool:
    """Hook WeasyPrint, once a worker. False, and nothing done, when it is not the version this file knows."""
    if weasyprint.__version__ != _VERSION:
        return False
    StyleFor.set_computed_styles = _remember_styles
    line_break.Layout.set_text = _text_that_stays
    line_break.Layout.deactivate = lambda _layout: None
    line_break.Layout.reactivate = _wake
    _everywhere(_split_first_line, _remember_lines)
    _everywhere(_strut, _remember_strut)
    _everywhere(_resolve_percentages, _remember_lengths)
    return True


def _everywhere(original: Callable[..., Any], hook: Callable[..., Any]) -> None:
    """Put the hook wherever WeasyPrint has imported the original by name."""
    for name, module in list(sys.modules.items()):
        if name.startswith("weasyprint.") and getattr(module, original.__name__, None) is original:
            setattr(module, original.__name__, hook)


# --- styles: elements with one parent style and the same declarations have the same style in every sheet -----


def _remember_styles(
    self: Any, element: Any, parent: Any, root: Any = None, pseudo_type: Any = None, base_url: Any = None,
    target_collector: Any = None,
) -> None:  # fmt: skip
    """Pages are left out: WeasyPrint writes their counters into their style."""
    computed = self.get_computed_styles()
    key: Hashable = None
    if isinstance(element, Element):
        cascaded = self.get_cascaded_styles().get((element, pseudo_type), {})
        above = id(computed[parent, None]) if parent is not None else None
        said = tuple((name, _named(value), weight) for name, (value, weight) in cascaded.items())
        key = (above, pseudo_type, id(self.font_config), said)
        known = _styles.get(key)
        if known is not None and not known["anchor"]:
            computed[element, pseudo_type] = known
            return
    _set_computed_styles(self, element, parent, root, pseudo_type, base_url, target_collector)
    if key is not None:
        if len(_styles) >= _STYLES:
            _styles.clear()
        _styles[key] = computed[element, pseudo_type]


def _named(value: Any) -> Hashable:
    """Words (a language) by themselves, the style sheet's values by identity: a style that is kept keeps its
    parent and its declared values, so an id in a key is never given out again."""
    if isinstance(value, str) or (isinstance(value, tuple) and all(isinstance(part, str) for part in value)):
        return value
    return id(value)


# --- lengths: what a style's margins, widths and so on come to in a containing block -------------------------

_SIDES = ("top", "right", "bottom", "left")
_BORDERS = tuple(f"border_{side}_width" for side in _SIDES)
_LENGTHS = (
    *(f"{part}_{side}" for part in ("margin", "padding") for side in _SIDES),
    *_BORDERS,
    *(f"{bound}{axis}" for bound in ("", "min_", "max_") for axis in ("width", "height")),
)


def _remember_lengths(box: Any, containing_block: Any) -> None:
    own, style = vars(box), box.style
    if isinstance(containing_block, boxes.Box):
        width, height = containing_block.width, containing_block.height
    else:
        width, height = containing_block
    key: Hashable = (width, height, isinstance(box, boxes.PageBox))
    if style["border_collapse"] == "collapse":  # then a box may bring the borders that its table settled
        key = (key, *(own.get(border) for border in _BORDERS))
    known = vars(style).setdefault("_lengths", {})
    if key in known:
        own.update(known[key])
    else:
        _resolve_percentages(box, containing_block)
        known[key] = {name: own[name] for name in _LENGTHS}


def _remember_strut(style: Any) -> Any:
    own = vars(style)
    if "_strut" not in own:
        own["_strut"] = _strut(style)
    return own["_strut"]


# --- text: a line once measured stays laid out, for the drawing and for the next card ------------------------

_SAID_OF_TEXT = (
    "font_style", "font_stretch", "font_weight", "font_size", "font_kerning", "font_variant_ligatures",
    "font_variant_position", "font_variant_caps", "font_variant_numeric", "font_variant_alternates",
    "font_variant_east_asian", "font_feature_settings", "font_variation_settings", "font_language_override",
    "lang", "direction", "letter_spacing", "word_spacing", "white_space", "overflow_wrap", "word_break",
    "hyphens", "hyphenate_character", "hyphenate_limit_chars", "hyphenate_limit_zone", "tab_size",
    "text_decoration_line",
)  # fmt: skip


def _remember_lines(
    text: str, style: Any, context: Any, max_width: Any, justification_spacing: Any, is_line_start: bool = True,
    minimum: bool = False,
) -> Any:  # fmt: skip
    if justification_spacing:
        return _split_first_line(
            text, style, context, max_width, justification_spacing, is_line_start, minimum
        )
    key = (text, max_width, is_line_start, minimum, _text_key(style))
    try:
        _measured.move_to_end(key)
        return _measured[key]
    except KeyError:
        pass
    found = _measured[key] = _split_first_line(text, style, context, max_width, 0, is_line_start, minimum)
    if len(_measured) > _LINES:
        _measured.popitem(last=False)
    return found


def _text_key(style: Any) -> Hashable:
    own = vars(style)
    if "_text_key" not in own:
        said = tuple(style[name] for name in _SAID_OF_TEXT)
        own["_text_key"] = (id(style.font_config), tuple(style["font_family"]), said)
    key: Hashable = own["_text_key"]
    return key


def _text_that_stays(self: Any, text: str, justify: bool = False) -> None:
    """Drawing asks for one paragraph; asked for only then, the text would be laid out a second time."""
    pango.pango_layout_set_single_paragraph_mode(
        self.layout, len(text.splitlines()) < 2 and text[-1:] > "\x1f"
    )
    _set_text(self, text, justify)


def _wake(self: Any, style: Any) -> None:
    if self.justification_spacing:
        _reactivate(self, style)
