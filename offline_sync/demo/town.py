"""One town's part of the play: its inspector's visits, then its tasks moved on by whoever's they are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from offline_sync.demo.link import Link
from offline_sync.demo.scripts import INSPECTOR, UNIT, Fate, Move
from offline_sync.demo.seeds import SHANGHAI, id_for
from offline_sync.demo.tablet import Row, Tablet, Verdict
from offline_sync.demo.visits import Picture, Play, Visit, Where, kind_of, taken_at, visit

VISITS_AT_ONCE, MOVES_AT_ONCE = 4, 20
DONE = ("applied", "merged", "noop")
Step = Callable[[int], object]


@dataclass
class Thread:
    """A task on its way through its script. `base_rev`: the number of the last act on it."""

    task: Row
    fate: Fate
    where: Where
    base_rev: int
    done: int = 0
    stuck: bool = False

    @property
    def next(self) -> Move | None:
        """The move that comes now."""
        return None if self.stuck or self.done == len(self.fate.moves) else self.fate.moves[self.done]


@dataclass
class Town:
    """A town with its people's tablets, all on one link."""

    link: Link
    play: Play
    inspector: Tablet
    operator: Tablet
    committees: dict[str, Tablet]  # village code → its own tablet
    villages: list[Where] = field(default_factory=list)
    fates: dict[str, tuple[Fate, Where]] = field(default_factory=dict)  # by finding
    refused: list[Verdict] = field(default_factory=list)

    @property
    def tablets(self) -> list[Tablet]:
        """Everybody's."""
        return [self.inspector, self.operator, *self.committees.values()]

    def inspect(self, step: Step) -> None:
        """Hand in every visit with its photos; `step` hears how many villages are through."""
        for start in range(0, len(self.villages), VISITS_AT_ONCE):
            some = [
                (where, visit(self.play, where)) for where in self.villages[start : start + VISITS_AT_ONCE]
            ]
            verdicts = self.inspector.push([self._submission(one) for _, one in some])
            self._note(verdicts)
            for (where, one), verdict in zip(some, verdicts, strict=True):
                self.fates |= {finding: (fated, where) for finding, fated in one.fates.items()}
                self.hand_in(self.inspector, one.pictures, verdict)
                step(1)
        self.link.close()

    def _submission(self, one: Visit) -> dict[str, Any]:
        at = datetime.fromisoformat(one.args["finished_at"])
        return self._command("inspection.submit", at, one.args, one.args["village"])

    def hand_in(self, tablet: Tablet, pictures: list[Picture], verdict: Verdict) -> None:
        """Previews first, then originals; what the server has is not sent again, some never goes."""
        missing = set(verdict.get("data", {}).get("missing", ()))
        wanted = [one for one in pictures if one.drawn.sha256 in missing]
        for one in wanted:
            if one.preview:
                tablet.preview(one.drawn.sha256, one.drawn.preview)
        for one in wanted:
            if one.sent:
                tablet.upload(one.drawn.sha256, one.drawn.data, one.cut)

    def threads(self) -> list[Thread]:
        """The tasks that came of our findings, as the operator's tablet shows them."""
        self.operator.pull()
        found = []
        for task in sorted(self.operator.of("task"), key=lambda row: str(row["number"])):
            known = self.fates.get(task["finding"])
            if known:
                found.append(Thread(task, known[0], known[1], int(task["steps"][0]["rev"])))
        return found

    def mend(self, threads: list[Thread], step: Step) -> None:
        """Play every task's script, wave by wave, each wave tablet by tablet."""
        for wave in range(max((len(one.fate.moves) for one in threads), default=0)):
            for tablet in self.tablets:
                mine = [one for one in threads if one.done == wave and one.next and self._hand(one) is tablet]
                for start in range(0, len(mine), MOVES_AT_ONCE):
                    self._move(tablet, mine[start : start + MOVES_AT_ONCE])
                    step(len(mine[start : start + MOVES_AT_ONCE]))
        self.link.close()

    def _hand(self, thread: Thread) -> Tablet:
        move = thread.next
        assert move is not None
        own = self.committees.get(thread.where.code)
        if move.by == UNIT:
            return own or self.operator
        # What a committee submitted itself its town may review; what the town submitted for it, the inspector.
        reviews = move.verb in ("pass", "reject") and own is not None
        return self.inspector if move.by == INSPECTOR and not reviews else self.operator

    def _move(self, tablet: Tablet, threads: list[Thread]) -> None:
        commands, pictures = [], []
        for one in threads:
            move = one.next
            assert move is not None
            at = datetime.fromisoformat(one.task["steps"][0]["at"]).astimezone(SHANGHAI) + timedelta(
                seconds=one.done + 1
            )
            photos = [self._after(one, at, tablet.title)] if move.photo else []
            args = {
                "task": one.task["id"], "base_rev": one.base_rev, "text": move.text,
                "unit": one.where.code if move.to_village else "", "photos": [photo.announced for photo in photos],
            }  # fmt: skip
            commands.append(
                self._command(f"task.{move.verb}", at, args, one.task["id"], one.done, tablet.name)
            )
            pictures.append(photos)
        verdicts = tablet.push(commands)
        self._note(verdicts)
        for one, photos, verdict in zip(threads, pictures, verdicts, strict=True):
            one.base_rev = int(verdict["rev"])
            one.stuck = verdict["status"] not in DONE
            one.done += 1
            self.hand_in(tablet, photos, verdict)

    def _after(self, thread: Thread, at: datetime, title: str) -> Picture:
        """The after-photo, from where the before-photo was taken; a first try that is rejected shows less."""
        task = thread.task
        before = next((photo for photo in task["photos"] if photo["role"] == "before"), None)
        again = any(move.verb == "reject" for move in thread.fate.moves[thread.done :])
        return taken_at(
            f"{task['finding']}/0", kind_of(task["item"]), again, at, thread.where, task["place"],
            f"拍摄 {title.rpartition(' ')[2]}", before,
        )  # fmt: skip

    def _command(self, verb: str, at: datetime, args: dict[str, Any], *about: object) -> dict[str, Any]:
        return {
            "id": id_for(at, *self.play.key(verb, *about)), "verb": verb, "v": 1, "at": at.isoformat(),
            "mono": int(at.timestamp()) % 10**8, "boot": "demo", "args": args,
        }  # fmt: skip

    def _note(self, verdicts: list[Verdict]) -> None:
        self.refused += [one for one in verdicts if one["status"] not in DONE]
