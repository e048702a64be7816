"""Every template compiles and leads somewhere; pages carry no script and no style of their own (CSP)."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, TemplateSyntaxError, meta

from templates import environment
from templates.paper_worker import _pages as paper_pages
from tests.house.tree import ROOT, files, tree_with

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_INLINE = {
    "a script in the page": re.compile(
        r"<script(?![^>]*\bsrc\s*=)(?![^>]*type=[\"']application/json)[^>]*>", re.IGNORECASE
    ),
    "a style sheet in the page": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[a-z][^>]*\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a javascript: link": re.compile(r"[\"']\s*javascript:", re.IGNORECASE),
}


def pages(root: Path) -> list[str]:
    """The templates, relative to `templates/`; what is printed is not under the pages' content policy."""
    kept = (name for name in files(root) if name.startswith("templates/") and name.endswith(".html"))
    return [name.removeprefix("templates/") for name in kept]


def inline(root: Path) -> list[str]:
    """What a page's content policy would refuse to run or to paint."""
    found = []
    for name in pages(root):
        if name.startswith("pdf/"):
            continue
        text = _JINJA.sub("", (root / "templates" / name).read_text(encoding="utf-8"))
        found += [f"{name}: {what}" for what, pattern in _INLINE.items() if pattern.search(text)]
    return found


def broken(root: Path, desk: Environment, paper: Environment) -> list[str]:
    """Templates that do not compile, use an unknown filter, or lead to a template that is not there."""
    there, found = set(pages(root)), []
    for name in sorted(there):
        source = (root / "templates" / name).read_text(encoding="utf-8")
        use = paper if name.startswith("pdf/") else desk
        try:
            use.compile(source, name)
            wanted = meta.find_referenced_templates(use.parse(source))
        except TemplateSyntaxError as problem:  # an unknown filter is one of these too
            found.append(f"{name}:{problem.lineno}: {problem.message}")
            continue
        found += [f"{name}: leads to {other}" for other in wanted if other and other not in there]
    return found


def test_every_template_compiles() -> None:
    assert pages(ROOT), "no template found: the test looks in the wrong place"
    assert broken(ROOT, environment, paper_pages()) == []


def test_pages_carry_no_script_and_no_style() -> None:
    assert inline(ROOT) == []


@pytest.mark.parametrize(
    "text",
    [
        "{% if %}",
        "{{ x | no_such_filter }}",
        "{% extends 'no_such_layout.html' %}",
        "{% for x in y %}",
    ],
)
def test_a_broken_template_is_told(tmp_path: Path, text: str) -> None:
    tree_with(
        tmp_path, {"templates/a.html": text, "templates/b.html": "{% include 'a.html' %}{{ x | upper }}"}
    )
    use = Environment(loader=FileSystemLoader(tmp_path / "templates"), autoescape=True)
    assert [line[:6] for line in broken(tmp_path, use, use)] in (["a.html"],)


@pytest.mark.parametrize(
    "text",
    [
        "<script>go()</script>",
        "<SCRIPT type='module'>go()</SCRIPT>",
        "<style>p {}</style>",
        '<p class="a" style="{{ colour }}">',
        "<td\n  style='x'>",
        "<button onclick='go()'>",
        '<a href="javascript:go()">',
    ],
)
def test_inline_code_is_told(tmp_path: Path, text: str) -> None:
    assert len(inline(tree_with(tmp_path, {"templates/villages/a.html": text}))) == 1


def test_what_is_fine_is_left_alone(tmp_path: Path) -> None:
    fine = """<script src="/static/desk.js" defer></script><p data-style="x">once = on</p>
    <script type="application/json" id="rows">{{ rows }}</script>{{ chart(style="x") }}"""
    tree_with(
        tmp_path, {"templates/a.html": fine, "templates/pdf/a.html": "<style>p {}</style><p style='x'>"}
    )
    assert inline(tmp_path) == []
