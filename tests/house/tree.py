"""What the rules of the house look at: the files of this project, or of a small tree made by a test."""

import ast
import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAIR = ("templates", "villages", "inspections", "dispatch", "offline_sync")  # lowest first
_MADE = {".venv", ".setup", "node_modules", "__pycache__", ".git", "data"}


def files(root: Path) -> list[str]:
    """The project's own files, relative: what git keeps or would keep, or all that was not made by a set-up."""
    # The checkout may belong to another user than the one testing; git would then refuse to look.
    asked = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if (root / ".git").exists():
        listed = subprocess.run(asked, cwd=root, capture_output=True, check=True).stdout.decode()
        return sorted(name for name in listed.split("\0") if name and (root / name).is_file())
    return sorted(_walk(root))


def _walk(root: Path) -> Iterator[str]:
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if name not in _MADE]
        yield from (str((Path(folder) / name).relative_to(root)) for name in names)


def text_of(path: Path) -> str | None:
    """A file's text, or None for a picture, a font, a workbook."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def house_python(root: Path) -> list[str]:
    """Python that the house runs on: migrations are kept history, tests have a size of their own."""
    return [
        name
        for name in files(root)
        if name.endswith(".py") and not name.startswith("tests/") and "/migrations/" not in name
    ]


def tree_with(root: Path, contents: dict[str, str]) -> Path:
    """Write a small tree for a test that proves a rule bites."""
    for name, text in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
