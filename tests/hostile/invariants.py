"""sync.md §7, I1 to I23, as far as they can be seen from here; each is named where it is checked.

What a person may see is reckoned here anew from the bare tables, by prefixes and nothing else: the feed's own
queries are what is under trial. I6 stands in `test_writers.py`, I12 in `test_commute.py`, I21 with the golden
files, I22 in `tests/villages/test_changes.py`.
"""

import json
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx2
import msgspec

from dispatch import stages
from inspections.answers import Submission
from inspections.scoring import score
from inspections.sheet import parse_checklist
from offline_sync.commands import VERBS
from tests.hostile import previews
from tests.hostile.network import Letter
from tests.hostile.tablet import FINISHED, Key, Store, sha
from tests.hostile.world import SYNCED, World
from villages.ground import clock
from villages.ground.blobs import Blobs
from villages.ground.database import rows
from villages.ground.ids import token_hash
from villages.verify import verify

DISTRICT = "110109"
SEE = ("inspector", "town_operator", "village_committee", "line_department", "district_office", "admin")
DONE = ("applied", "merged", "noop")
Visible = dict[str, dict[Key, int]]  # scope → row → rev


# ------------------------------------------------------------------ who may see what, from the bare tables


async def places_of(person: str) -> tuple[set[str], set[str]]:
    """(division codes, department codes) in reach of the person now."""
    posts = await rows("SELECT role, place FROM post WHERE person_id = ? AND NOT ended", person)
    places = {post["place"] for post in posts if "-" not in post["place"] and post["role"] in SEE}
    if any(post["role"] == "inspector" for post in posts):
        lent = await rows(
            "SELECT DISTINCT a.village FROM assignment a JOIN round r ON r.id = a.round_id WHERE a.person = ?"
            " AND a.stage <> 'withdrawn' AND r.stage NOT IN ('planned', 'published')", person,
        )  # fmt: skip
        mine = {row["village"] for row in lent}
        for town in {village[:9] for village in mine}:
            whole = {row["code"] for row in await rows("SELECT code FROM village WHERE town = ?", town)}
            places |= {town} if whole <= mine else {one for one in mine if one[:9] == town}
    fewest = {one for one in places if not any(one != other and one.startswith(other) for other in places)}
    return fewest, {post["place"] for post in posts if "-" in post["place"]}


async def visible(person: str, asked: list[str]) -> Visible:
    """Every row the person is told, by scope: what they may see, but for what was finished below the floor."""
    return {
        scope: {key: rev for key, rev in its.items() if key not in over}
        for (scope, its), over in await below_the_floor(await may_see(person, asked))
    }


async def below_the_floor(seen: Visible) -> list[tuple[tuple[str, dict[Key, int]], set[Key]]]:
    """Each scope with those of its rows that may leave the tablets: all that shows them ended long ago."""
    floor = await floor_now()
    over: set[Key] = set()  # finished at or below the floor
    for kind, ends in FINISHED.items():
        for row in await rows(f"SELECT id, stage, rev FROM {kind}"):
            if row["rev"] <= floor and row["stage"] in ends:
                over.add((kind, str(row["id"])))
    shown: dict[Key, set[Key]] = defaultdict(set)
    for kind, query in {"task": "SELECT photo, task_id AS by FROM task_photo WHERE role <> 'similar'",
                        "inspection": "SELECT photo_id AS photo, inspection AS by FROM photo_use"}.items():  # fmt: skip
        for row in await rows(query):
            shown["photo", str(row["photo"])].add((kind, str(row["by"])))
    out = []
    for scope, its in seen.items():
        leave: set[Key] = set()
        for key, rev in its.items() if scope[:1].isdigit() or scope.startswith("d:") else ():
            needed = key[0] == "photo" and any(one in its and one not in over for one in shown[key])
            if key in over or (key[0] == "photo" and rev <= floor and not needed):
                leave.add(key)
        out.append(((scope, its), leave))
    return out


async def floor_now() -> int:
    """The number of the last change heard more than two hundred days ago."""
    then = clock.rfc3339(clock.now() - timedelta(days=200))
    lines = await rows("SELECT rev, heard_at FROM change ORDER BY rev")
    return max((row["rev"] for row in lines if row["heard_at"] < then), default=0)


async def may_see(person: str, asked: list[str]) -> Visible:
    """Every row in the person's reach; a district post has at most two towns there, those its tablet asks for."""
    fewest, units = await places_of(person)
    towns = [one for one in asked if len(one) == 9 and one.isdigit()]
    scopes: list[str] = []
    for place in sorted(fewest):
        scopes += [place] if len(place) > 6 else [one for one in towns if one.startswith(place)][:2]
    told: Visible = {
        "g": {},
        f"u:{person}": {},
        **{one: {} for one in scopes},
        **{f"d:{unit}": {} for unit in units},
    }
    mine = told[f"u:{person}"]
    for row in await rows("SELECT district AS id, settings_rev AS rev FROM district_head"):
        told["g"]["settings", row["id"]] = row["rev"]
    for kind, query in {
        "town": "SELECT code AS id, rev FROM town", "unit": "SELECT code AS id, rev FROM unit",
        "checklist": "SELECT sha256 AS id, rev FROM checklist_version WHERE stage <> 'draft'",
    }.items():  # fmt: skip
        told["g"] |= {(kind, str(row["id"])): row["rev"] for row in await rows(query)}
    assigned = await rows("SELECT id, round_id, rev, stage FROM assignment WHERE person = ?", person)
    mine |= {("assignment", str(row["id"])): row["rev"] for row in assigned}
    going = {str(row["round_id"]) for row in assigned if row["stage"] != "withdrawn"}
    for row in await rows("SELECT id, owner, stage, rev FROM round"):
        if row["stage"] != "planned" and row["owner"] == DISTRICT:
            told["g"]["round", str(row["id"])] = row["rev"]
        for scope in scopes if row["stage"] != "planned" else ():
            if row["owner"] == scope[:9]:
                told[scope]["round", str(row["id"])] = row["rev"]
        if str(row["id"]) in going and (row["stage"] == "planned" or len(row["owner"]) > 6):
            mine["round", str(row["id"])] = row["rev"]
    for row in await rows("SELECT id, rev FROM card WHERE person = ?", person):
        mine["card", str(row["id"])] = row["rev"]
    await _of_places(told, person, scopes, units)
    return told


async def _of_places(told: Visible, person: str, scopes: list[str], units: set[str]) -> None:
    tasks = await rows("SELECT id, home, unit, village, rev FROM task")
    shown = await rows("SELECT photo, task_id FROM task_photo")
    villages = {row["id"]: row for row in await rows("SELECT code AS id, code AS home, rev FROM village")}
    photos = {str(row["id"]): row for row in await rows("SELECT id, home, rev FROM photo")}
    kinds = {"village": villages.values(), "photo": photos.values(), "task": tasks,
             "inspection": await rows("SELECT id, home, rev FROM inspection")}  # fmt: skip
    for kind, found in kinds.items():
        for row in found:
            for scope in scopes:
                if row["home"].startswith(scope):
                    told[scope][kind, str(row["id"])] = row["rev"]
            if kind == "photo" and row["home"] == f"u:{person}":
                told[f"u:{person}"][kind, str(row["id"])] = row["rev"]
    for task in tasks:
        if (scope := f"d:{task['unit']}") in told and task["unit"] in units:
            told[scope]["task", str(task["id"])] = task["rev"]
            told[scope]["village", task["village"]] = villages[task["village"]]["rev"]
            for one in shown:
                if str(one["task_id"]) == str(task["id"]) and (photo := photos.get(str(one["photo"]))):
                    told[scope]["photo", str(one["photo"])] = photo["rev"]


# ------------------------------------------------------------------ on the wire, at every answer


async def watch(world: World, letter: Letter, answer: httpx2.Response) -> None:
    """I3, I7, I8, I9 and I18 on the answer of one request, at the moment it leaves the server."""
    assert answer.status_code < 500, answer.text
    off = await _since_when_off(letter)
    if letter.path == "/api/sync/push" and "results" in answer.json():
        await _same_answers(world, letter, answer.json()["results"])
        for told in answer.json()["results"]:
            assert off is None or told["rev"] <= off or told["status"] == "held", (
                f"carried out for a device that ended: {told}"
            )
    elif letter.path == "/api/sync/pull" and off is not None:
        assert answer.status_code == 401, "I9: told to a device that ended"
    elif letter.path == "/api/sync/pull" and answer.status_code == 200:
        await _page(world, letter, answer.json())
    elif letter.path.endswith("/preview"):
        await previews.sent_rightly(world, letter, answer)
    elif letter.method == "GET" and letter.path.startswith("/api/blobs/"):
        assert off is None or answer.status_code == 401, "I9: shown to a device that ended"
        await previews.shown_rightly(world, letter, answer, await _pictures_of(_store(world, letter.person)))


def _store(world: World, name: str) -> Store:
    return next(one for tablet in world.tablets for one in tablet.stores.values() if one.person.name == name)


async def _pictures_of(store: Store) -> set[str]:
    """Hashes of the photos in the person's reach; a district post reaches all of the district at once."""
    places, units = await places_of(store.person.id)
    reach = (*places, f"u:{store.person.id}")
    found = {
        row["sha256"] for row in await rows("SELECT sha256, home FROM photo") if row["home"].startswith(reach)
    }
    for row in await rows("SELECT p.sha256, t.unit FROM task_photo p JOIN task t ON t.id = p.task_id"):
        found |= {row["sha256"]} if row["unit"] in units else set()
    return found


async def _since_when_off(letter: Letter) -> int | None:
    """The number of the change that took the device of this token out of service; None while it is in."""
    found = await rows(
        "SELECT MIN(d.rev) AS rev FROM device d JOIN session s ON s.device = d.id WHERE d.revoked AND s.token_hash = ?",
        token_hash(letter.headers.get("Authorization", "").rpartition(" ")[2]),
    )  # fmt: skip
    return None if found[0]["rev"] is None else int(found[0]["rev"])


async def _same_answers(world: World, letter: Letter, results: list[dict[str, Any]]) -> None:
    for told in results:
        verdict = (told["status"], told["reason"], told["rev"])
        first = world.verdicts.setdefault(told["id"], verdict)
        assert first == verdict, f"I3: {told['id']} was told {first}, now {verdict}"
        world.spoken_as[letter.json["replica"], told["seq"]] = told["id"]


async def _page(world: World, letter: Letter, page: dict[str, Any]) -> None:
    store = _store(world, letter.person)
    asked = letter.json["scopes"]
    due_to = await visible(store.person.id, list(asked))
    assert set(page["scopes"]) == set(due_to), f"I9: granted {page['scopes'].keys()}, may see {due_to.keys()}"
    assert set(page["drop"]) == set(asked) - set(due_to), "I9: a lost scope is not told"
    told: dict[str, dict[Key, int]] = defaultdict(dict)
    for one in page["changes"]:
        told[one["scope"]][one["kind"], one["id"]] = one["rev"]
    for scope, cursor in page["scopes"].items():
        after = asked.get(scope, 0)
        due = {key: rev for key, rev in due_to[scope].items() if after < rev <= cursor}
        assert not told[scope].keys() - due.keys(), (
            f"I8: told beyond {scope}: {told[scope].keys() - due.keys()}"
        )
        assert told[scope] == due, (
            f"I18: {scope} is not whole from {after} to {cursor}: {due.keys() - told[scope].keys()}"
        )


async def complete(store: Store) -> None:
    """I7: after a pull to its end the tablet holds just what the person may see, no row older or newer.

    What ended since the floor last rose may still lie there, as it ended."""
    seen = await may_see(store.person.id, list(store.cursors))
    told = await visible(store.person.id, list(store.cursors))
    allowed = {key: rev for its in seen.values() for key, rev in its.items()}
    wanted = {key for its in told.values() for key in its}
    held = {key: one.rev for key, one in store.rows.items()}
    assert wanted <= held.keys(), f"I7: {store.person.name} lacks {wanted - held.keys()}"
    assert held.items() <= allowed.items(), f"I7: {store.person.name} has {held.items() - allowed.items()}"
    for key, one in store.rows.items():
        at_least = {scope for scope, its in told.items() if key in its}
        at_most = {scope for scope, its in seen.items() if key in its}
        assert at_least <= one.scopes <= at_most, f"I7: {key} is held by {one.scopes}"


# ------------------------------------------------------------------ after every step


async def every_step(world: World) -> None:
    """I1 and I16 (here or there, at every moment), I13 (whoever changes a row gives it the change's number)."""
    kept = {str(row["id"]) for row in await rows("SELECT id FROM command")}
    kept |= {
        entry.id
        for tablet in world.tablets
        for store in tablet.stores.values()
        for entry in store.entries.values()
    }
    assert world.made.keys() <= kept, f"I1: nowhere any more: {world.made.keys() - kept}"
    blobs = Blobs(world.settings.blobs)
    there = {one for tablet in world.tablets for store in tablet.stores.values() for one in store.shots}
    assert all(one in there or blobs.size(one) for one in world.shots), "I16: bytes that are nowhere"
    await previews.on_disk(world)
    now = await _synced()
    for key, (rev, content) in now.items():
        rev_before, content_before = world.before.get(key, (0, None))
        assert rev >= rev_before, f"I13: {key} went back from {rev_before} to {rev}"
        assert not world.before or content == content_before or rev > world.head, (
            f"I13: {key} changed without a number"
        )
    assert world.before.keys() <= now.keys(), "a synced row is never deleted"
    world.before = now
    world.head = (await rows("SELECT rev FROM district_head"))[0]["rev"]


async def _synced() -> dict[Key, tuple[int, Any]]:
    """Every synced row: (rev, all else that is told of it)."""
    tables = {
        **{kind: kind for kind in SYNCED},
        "settings": "district_head",
        "checklist": "checklist_version",
    }
    found: dict[Key, tuple[int, Any]] = {}
    for kind, table in tables.items():
        for row in await rows(f"SELECT * FROM {table}"):
            if kind == "settings":
                row = {"id": row["district"], "rev": row["settings_rev"], "settings": row["settings"]}
            rev = row.pop("rev")
            found[kind, str(row.get("id") or row.get("code"))] = (rev, row)
    for table, extra in (("step", "COUNT(*)"), ("task_photo", "COUNT(*)")):
        for row in await rows(f"SELECT task_id, {extra} AS n FROM {table} GROUP BY task_id"):
            found["task", str(row["task_id"])][1][table] = row["n"]
    return found


# ------------------------------------------------------------------ at the end, when every tablet has synced


async def at_the_end(world: World) -> None:
    """All that holds once a good road has carried everything (after a restore: I17)."""
    await _nothing_lost(world)
    await _in_order(world)
    await _decided_once()
    await _versions()
    await _trail_and_rows()
    await _by_the_table()
    await _scores()
    await _photos(world)
    for tablet in world.tablets:
        for store in tablet.stores.values():
            await complete(store)
            await sums(world, store)


async def _nothing_lost(world: World) -> None:
    kept = {str(row["id"]): row for row in await rows("SELECT * FROM command")}
    for made in world.made.values():
        if made.large:
            continue
        row = kept.get(made.entry.id)
        assert row, f"I1: {made.entry.verb} {made.entry.id} was lost"
        there = {key: value for key, value in json.loads(row["payload"]).items() if key != "seq"}
        assert there == made.spoken, f"I1: {made.entry.id} is not what was said"
        assert str(row["person"]) == made.person, "I19: another author than the owner of the store"
        assert row["status"] != "rejected" or not VERBS[made.entry.verb].evidence, "evidence was rejected"
    aside = [json.loads(row["payload"]) for row in await rows("SELECT payload FROM stranger")]
    for made in world.strangers:
        assert any(one["id"] == made.entry.id and one["args"] == made.entry.args for one in aside), (
            "I1: a stranger was lost"
        )
    for tablet in world.tablets:
        for store in tablet.stores.values():
            waiting = [
                one for one in store.waiting() if not (one.id in world.made and world.made[one.id].large)
            ]
            assert not waiting, f"I5: {tablet.name} still waits with {[one.verb for one in waiting]}"
    twice = await rows(
        "SELECT command_id FROM change WHERE command_id IS NOT NULL GROUP BY command_id HAVING COUNT(*) > 1"
    )
    assert not twice, f"I2: carried out twice: {twice}"
    marks = [row["text"] for row in await rows("SELECT text FROM step WHERE text LIKE '说明%'")]
    assert len(marks) == len(set(marks)), "I2: one act left two steps"


async def _decided_once() -> None:
    """I2 for the office: of what is held each is decided once at most, and it stays held for whoever asks again."""
    bodies = await rows(
        "SELECT b.body FROM change c JOIN change_body b ON b.id = c.id WHERE c.verb = 'held.decide'"
    )
    decided = [plain(row["body"])["command"] for row in bodies]
    assert len(decided) == len(set(decided)), f"I2: decided twice: {decided}"
    kept = {
        str(row["id"]): row
        for row in await rows("SELECT id, status, decision FROM command WHERE decision <> ''")
    }
    assert set(kept) == set(decided), "a decision without its change"
    assert {row["status"] for row in kept.values()} <= {"held"}, (
        "I3: a decision changed what a repeat is told"
    )


async def _versions() -> None:
    """A visit that was put right has its version before it; what is void counts for nothing more."""
    void = {str(row["id"]) for row in await rows("SELECT id FROM inspection WHERE stage = 'void'")}
    for task in await rows("SELECT inspection, stage FROM task"):
        assert str(task["inspection"]) not in void or task["stage"] != "dispatched", (
            "a task of a void visit is still asked for"
        )


async def _in_order(world: World) -> None:
    """I4, but for acts that the server knew from another replica: those it only counts."""
    taken: dict[str, list[int]] = defaultdict(list)
    for row in await rows("SELECT replica, seq FROM command ORDER BY rev"):
        taken[str(row["replica"])].append(row["seq"])
    known = {str(row["id"]) for row in await rows("SELECT id FROM command")}
    for row in await rows("SELECT id, last_seq FROM replica"):
        seqs = taken[str(row["id"])]
        assert seqs == sorted(set(seqs)), f"I4: carried out in the order {seqs}"
        for seq in set(range(1, row["last_seq"] + 1)) - set(seqs):
            assert world.spoken_as.get((str(row["id"]), seq)) in known, (
                f"I4: {seq} of {row['last_seq']} is missing"
            )
        assert not seqs or seqs[-1] <= row["last_seq"], "I4: beyond what is counted"


async def _trail_and_rows() -> None:
    for report in await verify():
        assert report.faults == [], f"I13: {report.faults}"
    lines = await rows("SELECT rev, heard_at, verb, at FROM change ORDER BY rev")
    numbers = {row["rev"] for row in lines}
    assert numbers == set(range(1, len(lines) + 1)), "I6: the numbers have gaps"
    for _, (rev, _) in (await _synced()).items():
        assert rev in numbers, f"I13: {rev} is no change"
    heard = [row["heard_at"] for row in lines if row["verb"] != "district.restore"]
    assert heard == sorted(heard), "I20: a tablet's clock came into the order"
    for task in await rows("SELECT dispatched_at, deadline FROM task"):
        begun, ends = str(task["dispatched_at"]), str(task["deadline"])
        assert begun[:4] in heard[0][:4] + heard[-1][:4] and 0 <= int(ends[:4]) - int(begun[:4]) <= 1, (
            "I20: a deadline by a tablet's clock"
        )


async def _by_the_table() -> None:
    """I11: from nothing to the present stage, step by step, every one a row of the table."""
    for task in await rows("SELECT id, stage FROM task"):
        stage = ""
        for step in await rows("SELECT * FROM step WHERE task_id = ? ORDER BY rev, id", str(task["id"])):
            if step["verdict"] not in ("applied", "merged"):
                continue
            row = stages.ROWS[step["verb"]]
            assert step["from_stage"] == stage and stage in row.froms, f"I11: {step['verb']} from {stage}"
            ends = (stage,) if step["verb"] == "merge" and step["to_stage"] == stage else row.to or (stage,)
            assert step["to_stage"] in ends, (
                f"I11: {step['verb']} led to {step['to_stage']}"
            )  # the one that stays
            stage = step["to_stage"]
        assert stage == task["stage"], "I11: the steps do not lead to the stage"


async def _scores() -> None:
    """I14: the signed answers and the pinned checklist give the stored score again."""
    lists = {
        row["sha256"]: parse_checklist(plain(row["body"]))
        for row in await rows("SELECT sha256, body FROM checklist_version")
    }
    for row in await rows("SELECT * FROM inspection"):
        sheet = msgspec.json.decode(row["document"], type=Submission)
        checklist = lists[row["checklist_sha256"]]
        figures = {one["item"]: one.get("value") for one in plain(row["answers"])}
        auto = {item.code: None if figures.get(item.code) is None else Decimal(figures[item.code])
                for item in checklist.items if item.auto_source}  # fmt: skip
        again = score(
            checklist,
            sheet.answers,
            auto=auto,
            author=str(row["author"]),
            inspectors=plain(row["inspectors"]),
        )
        told = None if row["score"] is None else Decimal(str(row["score"]))
        assert (again.score, again.grade or "") == (told, row["grade"] or ""), (
            f"I14: {again.score} is not {told}"
        )


def plain(value: Any) -> Any:
    """A JSON column, whichever engine read it."""
    return json.loads(value) if isinstance(value, str) else value


async def _photos(world: World) -> None:
    """I10 and I15: every picture that was taken is there, byte for byte, for its author or the office."""
    blobs = Blobs(world.settings.blobs)
    for row in await rows("SELECT sha256, state FROM photo"):
        here = blobs.size(row["sha256"]) is not None
        assert (row["state"] == "stored") == here, f"I15: {row['state']}, bytes here: {here}"
    rejected = {str(row["id"]) for row in await rows("SELECT id FROM command WHERE status = 'rejected'")}
    office = next(
        store.person
        for tablet in world.tablets
        for store in tablet.stores.values()
        if store.person.name == "office2"
    )
    people = {store.person.id: store.person for tablet in world.tablets for store in tablet.stores.values()}
    for made in world.made.values():
        for one in () if made.entry.id in rejected or made.large else made.entry.photos:
            found = None
            for person in (office, people[made.person]):
                answer = await world.http.get(
                    f"/api/blobs/{one}", headers={"Authorization": f"Bearer {person.session}"}
                )
                found = answer if answer.status_code == 200 else found
            assert found is not None, (
                f"I10: {one} of {made.entry.verb} cannot be seen by its author nor the office"
            )
            assert sha(found.content) == one == sha(world.shots[one]), "I15: other bytes than were taken"


async def sums(world: World, store: Store) -> None:
    """I23: the server's sums are those of what is held; one flipped byte, and they no longer are."""
    body = {
        "replica": store.replica,
        "epoch": store.epoch,
        "scopes": store.cursors,
        "verify": list(store.cursors),
    }
    head = {"Authorization": f"Bearer {store.person.session}"}
    page = (await world.http.post("/api/sync/pull", json=body, headers=head)).json()
    assert page["sums"].keys() == store.cursors.keys()
    for scope, told in page["sums"].items():
        over = set(store.below(scope))
        held = [
            (key, one.rev)
            for key, one in sorted(store.rows.items())
            if scope in one.scopes and key not in over
        ]
        assert told == _sum(held), f"I23: {scope}"
        if held:
            [(key, rev), *rest] = held
            assert told != _sum([(key, rev ^ 1), *rest]), "I23: a flipped bit is not noticed"


def _sum(held: list[tuple[Key, int]]) -> dict[str, Any]:
    total = 0
    for (kind, key), rev in held:
        total ^= int(sha(f"{kind}|{key}|{rev}".encode())[:16], 16)
    return {"n": len(held), "x": f"{total:016x}"}
