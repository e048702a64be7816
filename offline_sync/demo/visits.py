"""One village's inspection as the tablet hands it in: sheet, findings, photos, signature. Pure but for the drawing.

Everything hangs on the seed, the round's number and the village: played again, it is the same command to the byte.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from inspections.sheet import Checklist
from offline_sync.demo.answers import Character, Fault, Sheet, fill
from offline_sync.demo.pictures import Drawn, Shot, draw, signature
from offline_sync.demo.scripts import Fate, fate
from offline_sync.demo.seeds import chance, id_for, share

NEVER_SENT, CUT, WITHOUT_PREVIEW = 0.03, 0.03, 0.3
PLACES = (
    "村委会东侧", "村口", "主街中段", "后街", "文化广场", "公交站旁", "停车场", "村西沟边", "河道北侧", "公厕旁", "3组巷口",
    "老槐树下", "健身场地", "村南进村路", "水井旁", "2组背街", "垃圾分类投放点", "卫生室门前", "村东坡下", "桥头",
)  # fmt: skip
HEADS = ("王", "李", "张", "刘", "杨", "安", "谭", "高", "于", "师")
REMARKS = (
    "",
    "",
    "",
    "感谢指导，将举一反三整改。",
    "路灯已报修，请有关部门支持。",
    "保洁员近期轮换，马上补齐。",
)
_KIND = {"1": "litter", "2": "bin", "4": "water", "5": "wall", "8": "water"}


@dataclass(frozen=True)
class Where:
    """A village of the round, with who goes there and what is special about it."""

    code: str
    name: str
    town: str
    location: dict[str, float] | None
    inspectors: tuple[tuple[str, str], ...]  # (person id, title), the scoring one first
    departments: dict[str, str]  # name → unit code
    character: Character
    refuses: bool
    day: datetime
    own_hand: bool  # a committee of its own acts for it


@dataclass(frozen=True)
class Picture:
    """A drawn photo and the way its bytes take. `announced`: as it stands in the command."""

    drawn: Drawn
    announced: dict[str, Any]
    sent: bool
    cut: bool
    preview: bool


@dataclass(frozen=True)
class Visit:
    """A command's args, its photos, and the fate of each dispatched finding by its id."""

    args: dict[str, Any]
    pictures: list[Picture]
    fates: dict[str, Fate]


@dataclass(frozen=True)
class Play:
    """What all visits share: seed, round (its id and its number), checklist, how many photos."""

    seed: str
    round: str
    number: str
    checklist: Checklist
    ref: dict[str, str]
    all_photos: bool

    def key(self, *words: object) -> tuple[object, ...]:
        """Words that belong to this seed and round only. The number, not the id: another server draws alike."""
        return (self.seed, self.number, *words)


def visit(play: Play, where: Where) -> Visit:
    """The whole visit of a village."""
    key = play.key(where.code)
    sheet = fill(play.checklist, chance(*key, "sheet"), where.character)
    done = _Visit(play, where)
    for number, fault in enumerate(sheet.faults):
        done.find(number, fault)
    return done.whole(sheet)


class _Visit:
    """A visit while it is made."""

    def __init__(self, play: Play, where: Where) -> None:
        self.play, self.where = play, where
        self.rng = chance(*play.key(where.code, "visit"))
        self.minutes = self.rng.randint(55, 110)
        self.findings: dict[str, list[dict[str, Any]]] = {}
        self.pictures: list[Picture] = []
        self.fates: dict[str, Fate] = {}

    def find(self, number: int, fault: Fault) -> None:
        """Put a place, photos and what is to be done to a fault."""
        key = self.play.key(self.where.code, "finding", number)
        rng = chance(*key)
        at = self.where.day + timedelta(minutes=6 + number * 5)
        place = rng.choice(PLACES)
        serious = fault.heavy or fault.item.severity == "critical"
        lot = rng.random()
        action = "dispatch" if serious or lot < 0.78 else "fixed" if lot < 0.9 else "record"
        kind, scene = kind_of(fault.item.code), id_for(at, *key)
        shots = max(1, min(3, fault.item.photos_min)) if self.play.all_photos else 1
        before = [self.photo(f"{scene}/{n}", kind, True, at, place) for n in range(shots)]
        after = [self.photo(f"{scene}/0", kind, False, at, place, before[0])] if action == "fixed" else []
        finding: dict[str, Any] = {
            "id": scene, "place": place, "text": fault.text, "rule": fault.rule, "count": fault.count,
            "position": None, "photos": [one["id"] for one in before], "after": [one["id"] for one in after],
            "action": action, "unit": None, "severity": "major" if fault.heavy and fault.item.severity == "minor" else None,
            "days": max(1, fault.item.deadline_days // 3) if fault.heavy else None,
        }  # fmt: skip
        if action == "dispatch":
            fated = fate(chance(*key, "fate"))
            finding["unit"] = self._unit(fated, fault)
            self.fates[finding["id"]] = fated
        self.findings.setdefault(fault.item.code, []).append(finding)

    def _unit(self, fated: Fate, fault: Fault) -> str | None:
        if fated.unit == "town":
            return self.where.code[:9]
        return self.where.departments.get(fault.item.lead_dept) if fated.unit == "department" else None

    def photo(
        self,
        scene: str,
        kind: str,
        wrong: bool,
        at: datetime,
        place: str,
        before: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Draw one, and say how its bytes travel."""
        by = "、".join(title.rpartition(" ")[2] for _, title in self.where.inspectors)
        taken = at + timedelta(minutes=3 if before else 0)
        picture = taken_at(scene, kind, wrong, taken, self.where, place, f"检查员 {by}", before)
        self.pictures.append(picture)
        return picture.announced

    def whole(self, sheet: Sheet) -> Visit:
        """The args of `inspection.submit`."""
        where, play = self.where, self.play
        end = where.day + timedelta(minutes=self.minutes)
        answers = [
            {**answer, "findings": self.findings.get(code, [])} for code, answer in sheet.answers.items()
        ]
        if where.character.veto:
            self._veto(answers, sheet)
        args = {
            "inspection": id_for(where.day, *play.key(where.code, "inspection")), "round": play.round,
            "village": where.code, "checklist": play.ref, "inspectors": [person for person, _ in where.inspectors],
            "started_at": where.day.isoformat(), "finished_at": end.isoformat(), "position": where.location,
            "answers": answers, "signature": self._signature(end),
            "village_remarks": self.rng.choice(REMARKS), "photos": [one.announced for one in self.pictures],
        }  # fmt: skip
        return Visit(args, self.pictures, self.fates)

    def _veto(self, answers: list[dict[str, Any]], sheet: Sheet) -> None:
        item = next((fault.item for fault in sheet.faults if fault.item.veto), None)
        for answer in answers:
            if item and answer["item"] == item.code:
                second = self.where.inspectors[1][0] if len(self.where.inspectors) > 1 else None
                answer["veto"] = {"text": item.veto_condition[:200], "second": second}

    def _signature(self, end: datetime) -> dict[str, Any]:
        if self.where.refuses:
            return {"name": "", "photo": None, "refused": "村负责人对垃圾分类准确率抽查结果有异议，未签字"}
        name = f"{self.rng.choice(HEADS)}书记"
        photo = None
        if self.play.all_photos:
            key = self.play.key(self.where.code, "signature")
            drawn = signature(f"{self.where.name} {name}")
            told = _announced(drawn, id_for(end, *key), end, (800, 400), None, None)
            self.pictures.append(Picture(drawn, told, sent=True, cut=False, preview=True))
            photo = told["id"]
        return {"name": name, "photo": photo, "refused": None}


def kind_of(item: str) -> str:
    """What is drawn for an item, by its section."""
    return _KIND.get(item.rpartition("-")[2].partition(".")[0], "road")


def taken_at(
    scene: str, kind: str, wrong: bool, at: datetime, where: Where, place: str, by: str, before: dict[str, Any] | None
) -> Picture:  # fmt: skip
    """A photo of a scene. With `before` it is the after-photo of that one."""
    position = _position(where, scene)
    known = f"北纬{position['lat']:.4f}° 东经{position['lng']:.4f}°" if position else "无定位"
    lines = (f"{at:%Y-%m-%d %H:%M}　{where.town}{where.name}　{place}", f"{known}　{by}")
    drawn = draw(Shot(scene, kind, wrong, lines))
    key = (scene, wrong, before is not None)
    told = _announced(drawn, id_for(at, *key, at.isoformat()), at, (1600, 1200), position, before)
    sent = share(*key, "sent") >= NEVER_SENT
    preview = sent or share(*key, "preview") >= WITHOUT_PREVIEW
    return Picture(drawn, told, sent, sent and share(*key, "cut") < CUT, preview)


def _position(where: Where, scene: str) -> dict[str, float] | None:
    """Near the village's own point where it has one; no point is ever invented."""
    if where.location is None:
        return None
    return {
        "lat": round(where.location["lat"] + (share(scene, "lat") - 0.5) / 300, 6),
        "lng": round(where.location["lng"] + (share(scene, "lng") - 0.5) / 300, 6),
        "accuracy": float(5 + int(share(scene, "accuracy") * 20)),
    }


def _announced(
    drawn: Drawn, id_: str, at: datetime, size: tuple[int, int], position: Any, before: Any
) -> dict[str, Any]:
    return {
        "id": id_, "sha256": drawn.sha256, "size": len(drawn.data), "mime": "image/jpeg", "width": size[0],
        "height": size[1], "taken_at": at.isoformat(), "position": position, "pairs": before["id"] if before else None,
    }  # fmt: skip
