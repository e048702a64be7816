"""The shared cases of who may move a task when: this side makes them, the tablet's TypeScript runs them too.

`XUNCUN_WRITE=1 pytest tests/dispatch/test_moves_shared.py` writes the file anew after the table has changed.
"""

import itertools
import json
import os
from pathlib import Path
from typing import Any

from dispatch.stages import ROWS, STAGES, Facts, Move, judge, may

FILE = Path(__file__).parents[1] / "shared/moves.json"
TABLET = (
    "accept",
    "return",
    "submit",
    "reject",
    "pass",
    "close",
    "close_on_site",
    "look_back",
    "reopen",
    "urge",
    "split",
    "sweep",
    "sweep_answer",
    "take_back",
    "note",
)
CARRIED = (
    "photo",
    "text",
    "by_other",
    "drawn",
    "unit",
    "until",
    "shots",
    "daily",
    "sweeps",
    "swept",
    "undoes",
)
VILLAGE, TOWN, OTHER_TOWN = "110109105210", "110109105", "110109104"
WATER = "110109-d03"
POSTS = (
    *((role, place) for role in ("inspector", "town_operator") for place in (TOWN, OTHER_TOWN)),
    ("inspector", VILLAGE), ("inspector", "110109105211"), ("inspector", "110109"),
    ("village_committee", VILLAGE), ("village_committee", "110109105211"),
    ("line_department", WATER), ("line_department", "110109-d02"),
    ("district_office", "110109"), ("admin", "110109"),
)  # fmt: skip
ME, SOMEBODY = "me", "somebody"


def cases() -> list[dict[str, Any]]:
    """Every post by every unit, submitted by me, by somebody, by nobody: by stage the moves that go through."""
    made = []
    for (role, place), unit, submitters in itertools.product(
        POSTS, (VILLAGE, TOWN, WATER), ((), (SOMEBODY,), (ME, SOMEBODY))
    ):
        task = {"unit": unit, "village": VILLAGE, "submitted_by": list(submitters)}
        goes = {stage: [verb for verb in TABLET if _goes(verb, role, place, stage, task)] for stage in STAGES}
        reach = [verb for verb in TABLET if may(verb, role, place, unit, VILLAGE)]
        made.append({"post": {"role": role, "place": place}, **task, "may": reach, "can": goes})
    return made


def _goes(verb: str, role: str, place: str, stage: str, task: dict[str, Any]) -> bool:
    facts = Facts(
        stage, task["village"], task["unit"], role, place, person=ME,
        submitters=frozenset(task["submitted_by"]), text="说明", photos=1, fresh=1, drawn=True, new_unit=VILLAGE,
        until=True, shots=True, sweeping=ROWS[verb].swept, undo_to="dispatched",
    )  # fmt: skip
    return isinstance(judge(verb, facts), Move)


def told() -> str:
    needs = {verb: {name: getattr(ROWS[verb], name) for name in CARRIED} for verb in TABLET}
    about = "Who can make which move: `can` with all that the move asks for, `may` whatever the stage. Person: me."
    lines = ",\n".join("  " + json.dumps(case, ensure_ascii=False) for case in cases())
    return (
        f'{{\n "about": {json.dumps(about)},\n "needs": {json.dumps(needs)},\n "cases": [\n{lines}\n ]\n}}\n'
    )


def test_the_shared_cases_are_what_the_table_says() -> None:
    if os.environ.get("XUNCUN_WRITE"):
        FILE.write_text(told(), encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == told()


def test_the_cases_reach_every_move_and_its_refusal() -> None:
    for verb in TABLET:
        assert {verb in moves for case in cases() for moves in case["can"].values()} == {True, False}
