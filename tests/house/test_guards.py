"""The guards' texts stand where the suite's own trial takes them out, and the tests that must miss them exist."""

from pathlib import Path

import pytest

from tests.hostile.guards import GUARDS, Edit, Guard, without
from tests.house.tree import ROOT, tree_with


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_can_be_taken_out_and_somebody_is_to_miss_it(guard: Guard) -> None:
    for edit in guard.edits:
        text = (ROOT / edit.file).read_text(encoding="utf-8")
        assert text.count(edit.old) == 1 and edit.new != edit.old, edit
    for test in guard.tests:
        if test.startswith("npm "):
            assert list((ROOT / "tests/tablet").glob(f"*{test[4:]}*.test.ts")), test
            continue
        path, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}" in (ROOT / path).read_text(encoding="utf-8"), test
    assert guard.tests


def test_a_text_that_has_gone_is_said_loudly(tmp_path: Path) -> None:
    root = tree_with(tmp_path, {"a.py": "x = 1\nx = 1\n"})
    for old in ("x = 1\n", "y = 1\n"):
        with pytest.raises(ValueError, match="once was meant"):
            without(Guard("g", "", (Edit("a.py", old, ""),), ("t",)), root)
