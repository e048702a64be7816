"""The tablet's own stair: screens know no network, the sync knows no screen, one file knows IndexedDB."""

import re
from pathlib import Path, PurePosixPath

import pytest

from tests.house.tree import ROOT, files, tree_with

HOME = "offline_sync/tablet/"
TYPES = {"model", "tablet", "rows", "wire"}
_SEEN = {*TYPES, "rules"}
# What each place of the app may import of the app: a folder, or a file that stands beside them.
MAY_IMPORT = {
    "model": TYPES, "rows": TYPES, "tablet": TYPES, "globals": set(),
    "rules": _SEEN,
    "keep": {*_SEEN, "keep", "sync/ports"},
    "camera": {*_SEEN, "camera"},
    "sync": {*_SEEN, "keep", "sync"},
    "parts": {*_SEEN, "parts"},
    "screens": {*_SEEN, "parts", "screens"},
    "live": TYPES, "in-hand": TYPES, "updates": {*TYPES, "in-hand"}, "service-worker": set(),
    "main": None,  # the assembly: everything
}  # fmt: skip
PACKAGES = {
    "idb": {"keep/store"},
    "tus-js-client": {"sync"},
    "preact": {"parts", "screens", "main"},
    "qrcode-generator": {"parts", "screens"},
    "zxing-wasm": {"camera", "parts", "screens"},
}
# Words that belong to one place.
WORDS = {
    r"indexedDB|IDB[A-Z]\w+": {"keep/store"},
    r"fetch|XMLHttpRequest|sendBeacon|WebSocket|EventSource": {"sync", "service-worker"},
    r"document|window|navigator|localStorage|sessionStorage|caches": {
        "camera", "keep", "sync", "parts", "screens", "main", "updates", "in-hand", "service-worker",
    },
}  # fmt: skip
_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""")
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\w])//[^\n]*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"' + r"|'(?:[^'\\\n]|\\.)*'")
_TSX_TEXT = re.compile(r"`[^`]*`")


def sources(root: Path) -> list[str]:
    """The app's own TypeScript, below its folder."""
    kept = (name for name in files(root) if name.startswith(HOME) and name.endswith((".ts", ".tsx")))
    return [name.removeprefix(HOME) for name in kept if name != f"{HOME}wire.d.ts"]


def place(name: str) -> str:
    """The folder a file stands in, or its own name where it stands beside the folders."""
    head = name.split("/", 1)[0]
    return re.sub(r"(\.d)?\.tsx?$", "", head)


def _within(target: str, allowed: set[str]) -> bool:
    return target in allowed or target.split("/")[0] in allowed


def _resolved(name: str, wanted: str) -> str:
    parts: list[str] = []
    for part in (PurePosixPath(name).parent / wanted).parts:
        if part == "..":
            if not parts:
                return f"outside/{wanted}"
            parts.pop()
        elif part != ".":
            parts.append(part)
    return re.sub(r"\.tsx?$", "", "/".join(parts))


def _import_fault(name: str, wanted: str) -> str:
    own = re.sub(r"\.tsx?$", "", name)
    if wanted.startswith("."):
        target, allowed = _resolved(name, wanted), MAY_IMPORT.get(place(name), set())
        return "" if allowed is None or _within(target, allowed) else f"imports {target}"
    package = "/".join(wanted.split("/")[: 2 if wanted.startswith("@") else 1])
    return "" if _within(own, PACKAGES.get(package, set())) else f"imports the package {package}"


def faults(root: Path) -> list[str]:
    """Imports and words out of their place."""
    found = []
    for name in sources(root):
        code = _COMMENT.sub("", (root / HOME / name).read_text(encoding="utf-8"))
        if place(name) not in MAY_IMPORT:
            found.append(f"{name}: has no place in the tablet's stair")
            continue
        told = (_import_fault(name, wanted) for wanted in _IMPORT.findall(code))
        found += [f"{name}: {fault}" for fault in told if fault]
        bare = _TSX_TEXT.sub("", _STRING.sub("", code))
        own = re.sub(r"\.tsx?$", "", name)
        for words, allowed in WORDS.items():
            said = re.search(rf"(?<![\w.])({words})\b(?!\s*\??:)", bare)
            if said and not _within(own, allowed):
                found.append(f"{name}: says {said[1]}")
    return found


def generated(root: Path) -> list[str]:
    """Files that a build makes and nobody keeps."""
    made = ("offline_sync/static/", "node_modules/", f"{HOME}wire.d.ts", "templates/static/fonts/")
    return [name for name in files(root) if name.startswith(made)]


def test_the_tablet_stands_in_order() -> None:
    assert len(sources(ROOT)) > 5, "the test looks in the wrong place"
    assert faults(ROOT) == []


def test_nothing_generated_is_kept() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("git alone knows what is kept")
    assert generated(ROOT) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("screens/home.tsx", 'import { openCore } from "../keep/store";'),
        ("screens/home.tsx", 'const late = () => import("../sync/link");'),
        ("parts/button.tsx", 'import type { Home } from "../screens/home";'),
        ("parts/button.tsx", "void fetch(`/api`);"),
        ("screens/home.tsx", "const x = new XMLHttpRequest();"),
        ("sync/pull.ts", 'import { Button } from "../parts/button";'),
        ("sync/pull.ts", "const db = indexedDB.open(name);"),
        ("sync/pull.ts", 'import { openDB } from "idb";'),
        ("keep/drafts.ts", 'import { openDB } from "idb";'),
        ("keep/drafts.ts", 'import { Link } from "../sync/link";'),
        ("keep/drafts.ts", "await fetch(address);"),
        ("camera/shot.ts", 'import { Store } from "../keep/store";'),
        ("rules/when.ts", 'export { href } from "../parts/route";'),
        ("rules/when.ts", "const wide = window.innerWidth;"),
        ("rules/when.ts", 'import { h } from "preact";'),
        ("rules/when.ts", 'import x from "left-pad";'),
        ("live.ts", 'import { Store } from "./keep/store";'),
        ("service-worker.ts", 'import { Link } from "./sync/link";'),
        ("helpers/all.ts", "export const a = 1;"),
        ("screens/home.tsx", 'import x from "../../../villages/data.json";'),
    ],
)
def test_each_rule_bites(tmp_path: Path, name: str, text: str) -> None:
    found = faults(tree_with(tmp_path, {f"{HOME}{name}": f"/** Words. */\n{text}\n"}))
    assert len(found) == 1 and found[0].startswith(name)


def test_what_is_in_order_is_left_alone(tmp_path: Path) -> None:
    fine = {
        "screens/home.tsx": 'import { useState } from "preact/hooks";\nimport { Button } from "../parts/button";\n'
        'import type { Tablet } from "../tablet";\n// fetch it\nconst a = <p title="window">{b.fetch(c)}</p>;\n',
        "sync/link.ts": 'import type { Draft } from "../model";\nimport { Shelf } from "../keep/shelf";\nfetch(x);\n',
        "keep/store.ts": 'import { openDB } from "idb";\nconst r = IDBKeyRange.only(1);\n',
        "keep/shelf.ts": 'import type { PersonStore } from "../sync/ports";\n',
        "main.tsx": 'import { App } from "./screens/app";\nimport { Link } from "./sync/link";\n',
        "wire.d.ts": 'import x from "anything";\n',
    }
    assert faults(tree_with(tmp_path, {f"{HOME}{name}": text for name, text in fine.items()})) == []


def test_what_a_build_made_is_told(tmp_path: Path) -> None:
    made = {f"{HOME}wire.d.ts": "x", "offline_sync/static/index.html": "x", f"{HOME}model.ts": "x"}
    assert set(generated(tree_with(tmp_path, made))) == {f"{HOME}wire.d.ts", "offline_sync/static/index.html"}
