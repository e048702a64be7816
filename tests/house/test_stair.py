"""A folder imports only folders below it: import-linter keeps it, and imports hidden from it are looked for."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT, STAIR, files, house_python, parsed, tree_with

LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]


def _lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(LINT, cwd=root, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The five steps and their rules, to be spoilt."""
    root = tmp_path_factory.mktemp("copy")
    for name in files(ROOT):
        if name == "pyproject.toml" or (name.endswith(".py") and name.split("/")[0] in STAIR):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
    return root


def test_the_stair_holds(copy: Path) -> None:
    told = _lint(copy)
    assert told.returncode == 0, told.stdout + told.stderr


def test_each_rule_bites(copy: Path) -> None:
    """One spoilt line for each contract, the climbing one hidden in a function; each contract must say so."""
    spoilt = {
        "The stair": ("villages/places.py", "def _late() -> None:\n    import dispatch\n"),
        "The assembly stands on top": ("offline_sync/models.py", "import app\n"),
        "The pure rules of inspections": ("inspections/scoring.py", "from inspections import models\n"),
        "The pure rules of dispatch": ("dispatch/stages.py", "import inspections\n"),
    }
    before = {where: (copy / where).read_text(encoding="utf-8") for where, _ in spoilt.values()}
    try:
        for where, line in spoilt.values():
            (copy / where).write_text(f"{before[where]}\n\n{line}", encoding="utf-8")
        told = _lint(copy)
    finally:
        for where, text in before.items():
            (copy / where).write_text(text, encoding="utf-8")
    assert told.returncode != 0
    broken = [row for row in told.stdout.splitlines() if row.endswith("BROKEN")]
    assert [next((row for row in broken if row.startswith(rule)), rule) for rule in spoilt] == broken


def _imported(node: ast.AST) -> list[str]:
    """The modules a node imports, also by name at run time."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in {"import_module", "__import__"}:
            return [str(node.args[0].value)]
    return []


def climbs(root: Path) -> list[str]:
    """Imports that go up the stair, inline and by name too."""
    above = {step: {*STAIR[place + 1 :], "app", "manage", "tests"} for place, step in enumerate(STAIR)}
    return [
        f"{name}:{getattr(node, 'lineno', 0)} imports {module}"
        for name in house_python(root)
        if name.split("/")[0] in above
        for node in ast.walk(parsed(root / name))
        for module in _imported(node)
        if module.split(".")[0] in above[name.split("/")[0]]
    ]


def test_no_import_climbs() -> None:
    assert climbs(ROOT) == []


@pytest.mark.parametrize(
    "hidden",
    [
        "def late():\n    import dispatch.moves\n",
        "def late():\n    from offline_sync import push\n",
        "from importlib import import_module\nimport_module('inspections.rounds')\n",
        "m = __import__('app')\n",
        "from tests.cast import lan\n",
    ],
)
def test_a_hidden_climb_is_found(tmp_path: Path, hidden: str) -> None:
    tree_with(tmp_path, {"villages/places.py": hidden, "dispatch/moves.py": "import inspections, villages\n"})
    found = climbs(tmp_path)
    assert len(found) == 1
    assert found[0].startswith("villages/places.py:")
