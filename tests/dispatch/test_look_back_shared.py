"""The draw of 回头看 as shared cases: whoever draws again, in whatever language, must find these.

`XUNCUN_WRITE=1 pytest tests/dispatch/test_look_back_shared.py` writes the file anew; the figures checked by hand stay.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dispatch.look_back import LEAST, MOST, SHARE, Closed, Inspector, Pick, draw, lot, size_of

FILE = Path(__file__).parents[1] / "shared/look_back.json"
VILLAGES = ("110109005201", "110109005202", "110109104201")
INSPECTORS = (
    ("zhang", ("110109005",)),
    ("liu", ("110109005",)),
    ("wang", ("110109104",)),
    ("qu", ("110109",)),
)


def cases() -> list[dict[str, Any]]:
    made = []
    for seed, share, count, barred in (
        ("a" * 64, 15, 20, ()), ("b" * 64, 10, 1, ()), ("c" * 64, 20, 41, ("zhang", "liu")), ("d" * 64, 20, 9, ("zhang", "liu", "wang", "qu")),
        ("e" * 64, 15, 0, ()),
    ):  # fmt: skip
        tasks = [[f"task-{n:03}", VILLAGES[n % 3], sorted(barred) if n % 2 else []] for n in range(count)]
        inspectors = [[name, list(places)] for name, places in INSPECTORS]
        case = {"seed": seed, "share": share, "tasks": tasks, "inspectors": inspectors}
        made.append(case | {"picks": [[pick.task, pick.person] for pick in _drawn(case)]})
    return made


def _drawn(case: dict[str, Any]) -> list[Pick]:
    tasks = [Closed(task, village, frozenset(known)) for task, village, known in case["tasks"]]
    people = [Inspector(person, tuple(places)) for person, places in case["inspectors"]]
    return draw(case["seed"], case["share"], tasks, people)


def told() -> str:
    about = "回头看: lots are SHA-256 of seed|task in hex, lowest first, share rounded up; see dispatch/look_back.py."
    return json.dumps({"about": about, "cases": cases()}, ensure_ascii=False, indent=1) + "\n"


def test_the_shared_cases_are_what_the_draw_finds() -> None:
    if os.environ.get("XUNCUN_WRITE"):
        FILE.write_text(told(), encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == told()


def test_a_draw_by_hand() -> None:
    seed = "0" * 64
    ids = ["one", "two", "three", "four", "five", "six"]
    lots = {one: hashlib.sha256(f"{seed}|{one}".encode()).hexdigest() for one in ids}
    first = sorted(ids, key=lots.get)[:2]  # type: ignore[arg-type]
    tasks = [Closed(one, VILLAGES[0]) for one in ids]
    assert {pick.task for pick in draw(seed, 20, tasks, [])} == set(first), "20 % of 6 is 1.2: two"
    assert lot(seed, "one") == lots["one"]
    assert (size_of(6, 20), size_of(0, 20), size_of(1, 10), size_of(100, 15)) == (2, 0, 1, 15)
    assert LEAST <= SHARE <= MOST


TASKS = st.lists(
    st.builds(
        Closed, id=st.uuids().map(str), village=st.sampled_from(VILLAGES),
        known=st.frozensets(st.sampled_from([name for name, _ in INSPECTORS])),
    ),
    max_size=40, unique_by=lambda task: task.id,
)  # fmt: skip


@given(TASKS, st.integers(10, 20), st.randoms())
def test_whatever_is_drawn_from_the_draw_is_fair(tasks: list[Closed], share: int, dice: Any) -> None:
    people = [Inspector(name, places) for name, places in INSPECTORS]
    picks = draw("seed", share, tasks, people)
    known = {task.id: task.known for task in tasks}
    assert len(picks) == size_of(len(tasks), share) and len({pick.task for pick in picks}) == len(picks)
    for pick in picks:
        assert pick.person not in known[pick.task], "nobody looks at what they know"
        assert pick.person or len(known[pick.task]) == len(people), "somebody goes where anybody may"
    mixed = dice.sample(tasks, len(tasks))
    assert draw("seed", share, mixed, people) == picks, "the order in which things lie about decides nothing"
