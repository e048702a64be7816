"""The size habit: what has outgrown its room is split by meaning."""

import ast
from pathlib import Path

from tests.house.tree import ROOT, files, house_python, parsed, tree_with

PYTHON, FUNCTION, TYPESCRIPT, TEMPLATE = 300, 60, 200, 120  # lines at most
GENERATED = {"offline_sync/tablet/wire.d.ts"}


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def too_long(root: Path) -> list[str]:
    """Files and functions above their size."""
    found = []
    for name in files(root):
        if name.startswith("templates/") and name.endswith(".html"):
            most = TEMPLATE
        elif name.endswith((".ts", ".tsx")) and not name.startswith("tests/") and name not in GENERATED:
            most = TYPESCRIPT
        else:
            continue
        if (length := _lines(root / name)) > most:
            found.append(f"{name}: {length} lines, {most} at most")
    for name in house_python(root):
        if (length := _lines(root / name)) > PYTHON:
            found.append(f"{name}: {length} lines, {PYTHON} at most")
        for node in ast.walk(parsed(root / name)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION:
                    found.append(f"{name}: {node.name} has {length} lines, {FUNCTION} at most")
    return found


def test_nothing_has_outgrown_its_room() -> None:
    assert too_long(ROOT) == []


def _function(lines: int) -> str:
    return "async def long():\n" + "    pass\n" * (lines - 1)


def test_at_the_limit_is_fine(tmp_path: Path) -> None:
    contents = {
        "villages/a.py": "x = 1\n" * PYTHON,
        "villages/b.py": _function(FUNCTION),
        "offline_sync/tablet/a.ts": "//\n" * TYPESCRIPT,
        "templates/villages/a.html": "<p>\n" * TEMPLATE,
        "villages/migrations/0001_initial.py": "x = 1\n" * 900,
        "tests/villages/test_a.py": "x = 1\n" * 900,
        "offline_sync/tablet/wire.d.ts": "//\n" * 900,
    }
    assert too_long(tree_with(tmp_path, contents)) == []


def test_one_line_more_is_told(tmp_path: Path) -> None:
    contents = {
        "villages/a.py": "x = 1\n" * (PYTHON + 1),
        "villages/b.py": _function(FUNCTION + 1),
        "offline_sync/tablet/a.tsx": "//\n" * (TYPESCRIPT + 1),
        "templates/pdf/a.html": "<p>\n" * (TEMPLATE + 1),
    }
    found = {line.split(":")[0] for line in too_long(tree_with(tmp_path, contents))}
    assert found == set(contents)
