"""The words that the tablet says too: this side writes them down, the tablet's TypeScript is held to them.

A new word of the desk's may be missing there (the tablet shows what it does not know as it came); a changed one may not.
`XUNCUN_WRITE=1 pytest tests/templates/test_words_shared.py` writes the file anew after a word has changed.
"""

import json
import os
from pathlib import Path

from templates import words

FILE = Path(__file__).parents[1] / "shared/words.json"
TABLES = (
    "ROLE", "STAGE", "VERB", "GRADE", "SEVERITY", "STATUS", "REASON", "ROUND_TYPE", "ROUND_STAGE", "CHECKLIST",
    "INSPECTION_STAGE", "PHRASES",
)  # fmt: skip


def told() -> str:
    return json.dumps({name: getattr(words, name) for name in TABLES}, ensure_ascii=False, indent=1) + "\n"


def test_the_shared_words_are_the_words_of_the_desk() -> None:
    if os.environ.get("XUNCUN_WRITE"):
        FILE.write_text(told(), encoding="utf-8")
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    assert set(kept) == set(TABLES)
    for name, table in kept.items():
        desk = json.loads(json.dumps(getattr(words, name)))
        assert {key: desk.get(key) for key in table} == table, name
