"""Golden files: every version of every command that a tablet ever spoke is read for ever (sync.md §3, I21).

A file holds a command as that version of the tablet wrote it. Files are added, never changed: what lies in an outbox
since last winter does not change either. `<…>` stands for what only the server can have told the tablet before.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2

from dispatch.models import LookBack, LookBackTask, Task
from inspections.models import Photo
from offline_sync.commands import VERBS
from offline_sync.models import Card, Command
from tests.offline_sync.tablet import VILLAGE, Tablet, finding, full_answers, photo, picture, visit
from villages.changes import SYSTEM, Line, change
from villages.ground import clock
from villages.ground.ids import new_id

FILES = {path.stem: path for path in (Path(__file__).parent / "golden").glob("*.json")}
GOLDEN: dict[str, dict[str, Any]] = {
    name: json.loads(path.read_text(encoding="utf-8")) for name, path in sorted(FILES.items())
}

NAMES = ("inspector", "inspector2", "village", "town", "office")


def test_every_version_of_every_verb_has_its_golden_file() -> None:
    spoken = {f"{verb}.v{v}" for verb, row in VERBS.items() for v in range(1, row.v + 1)}
    assert spoken <= set(GOLDEN), f"no golden file for {sorted(spoken - set(GOLDEN))}"
    for name, told in GOLDEN.items():
        assert name == f"{told['verb']}.v{told['v']}" and told["command"]["v"] == told["v"]
        assert told["command"]["verb"] == told["verb"]


class World:
    """The demo district with one task of 安家庄村 for each golden file, and tablets that have pulled."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.tablets = {name: Tablet(http, name) for name in NAMES}
        self.tasks: list[str] = []
        self.fixed: dict[str, Any] = {}

    async def begin(self) -> "World":
        for tablet in self.tablets.values():
            await tablet.sign_in()
        inspector = self.tablets["inspector"]
        await inspector.pull()
        shots = [photo(picture(name)) for name in GOLDEN]
        answers = full_answers()
        answers[0]["counts"] = {"each": len(shots)}
        answers[0]["findings"] = [
            finding(f"垃圾{n}", [shot], severity="critical", days=30) for n, shot in enumerate(shots)
        ]
        args = visit(inspector, answers=answers, photos=shots)
        told = await inspector.do("inspection.submit", args)
        assert told["status"] == "applied", told
        self.tasks = told["data"]["tasks"]
        await drawn_for(self.tasks[list(GOLDEN).index("task.look_back.v1")], inspector.me)
        others = {}
        for name, village in (("<other visit>", "110109005203"), ("<third visit>", "110109005204")):
            sheet = visit(inspector, village=village, faults=0)
            assert (await inspector.do("inspection.submit", sheet))["status"] == "applied"
            others[name] = sheet["inspection"]
        await inspector.pull()
        self.fixed = others | {
            "<round>": args["round"], "<RE version>": args["checklist"]["version"],
            "<RE sha256>": args["checklist"]["sha256"], "<other task>": self.tasks[-1],
            **{f"<in {days} days>": clock.rfc3339(clock.now() + timedelta(days=days)) for days in (33, 40)},
            **{f"<{name}>": tablet.me for name, tablet in self.tablets.items()},
        }  # fmt: skip
        return self

    async def speak(
        self, golden: dict[str, Any], task: str, *, as_it_stands: bool, by: str = ""
    ) -> dict[str, Any]:
        tablet = self.tablets[by or golden["by"]]
        tablet.seq += 1
        row = await Task.get(id=task)
        card = await Card.filter(person=tablet.me, dismissed=False).first()
        before = self.tablets["inspector"].rows["task", task]["photos"][0]["id"]
        told = self.fixed | {
            "<task>": task, "<rev>": row.rev, "<before photo>": before, "<card>": str(card.id) if card else "",
        }  # fmt: skip
        command = _filled(golden["command"], told) | {"seq": tablet.seq}
        if not as_it_stands:  # the same act again, on another task
            command["id"] = str(new_id())
            command["args"]["photos"] = (
                [photo(picture(command["id"]))] if command["args"].get("photos") else []
            )
        return (await tablet.push(command))[0]


async def drawn_for(task: str, person: str) -> None:
    """A look-back of this task, drawn for this person."""
    now = clock.now()

    async def work(line: Line) -> None:
        made = await LookBack.create(
            id=new_id(), district="110109", year=2026, ordinal=1, seed="0" * 64, share=15, since=now, until=now, due=now,
            fixed_at=now, drawn_at=now, rev=line.rev,
        )  # fmt: skip
        await LookBackTask.create(
            id=new_id(), look_back_id=made.id, task_id=task, village=VILLAGE, person=person, rev=line.rev
        )

    await change(work, district="110109", actor=SYSTEM, verb="test")


def _filled(value: Any, told: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, told) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, told) for one in value]
    return told.get(value, value) if isinstance(value, str) else value


async def test_every_golden_command_is_carried_out(http: httpx2.AsyncClient) -> None:
    world = await World(http).begin()
    ends: dict[str, Any] = {}
    for (name, golden), task in zip(GOLDEN.items(), world.tasks, strict=True):
        for by, verb in golden["before"]:
            await world.speak(GOLDEN[f"{verb}.v1"], task, as_it_stands=False, by=by)
        result = await world.speak(golden, task, as_it_stands=True)
        row = dict(await Task.get(id=task))
        left = {key: row[key] for key in golden["leaves"]}
        kept = json.loads((await Command.get(id=result["id"])).payload)
        ends[name] = {"status": result["status"], "reason": result["reason"]}, left, kept["verb"], kept["v"]
        announced = [one["id"] for one in _photos(golden["command"]["args"])]
        assert await Photo.filter(id__in=announced).count() == len(announced), name
    wanted = {name: (one["told"], one["leaves"], one["verb"], one["v"]) for name, one in GOLDEN.items()}
    assert ends == wanted


def _photos(args: dict[str, Any]) -> list[dict[str, Any]]:
    return [*args.get("photos", []), *([args["photo"]] if args.get("photo") else [])]
