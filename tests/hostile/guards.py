"""The suite on trial: one guard at a time is taken out of a copy of the house, and a test has to notice.

    python -m tests.hostile.guards [--list] [part of a guard's name …]

A guard is taken out by changing its text in the copy, so that the house itself carries no switch; a text that is no
longer there exactly once fails loudly (`tests/house/test_guards.py` sees it at once). The last table says which test
went red; a guard that nobody missed makes the run fail.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.house.tree import ROOT, files

SCENARIOS = "tests/hostile/test_scenarios.py::test_"
KILLED = f"{SCENARIOS}answers_lost_and_servers_killed_at_every_commit"
BACK = f"{SCENARIOS}a_server_brought_back_is_told_again_what_it_lost"
WEEK = f"{SCENARIOS}a_tablet_forgets_only_what_a_backup_has_held_for_a_week"
TAKEN = f"{SCENARIOS}what_is_taken_away_leaves_and_stays_away"
HANDS = f"{SCENARIOS}a_task_that_changes_hands_leaves_the_one_and_comes_to_the_other"
FLOORS = "tests/hostile/test_floors.py::test_"
OWN = "tests/hostile/test_previews.py::test_a_preview_is_its_authors_own_and_whole_or_none"
CHANGES = "tests/villages/test_changes.py::test_"
SHARED = "tests/villages/test_group_commit.py::test_"
SECONDS = 600  # one trial


@dataclass(frozen=True)
class Edit:
    """The text of a guard, and what stands there without it."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Guard:
    """One guard, and the tests that must miss it: pytest's names, or `npm NAME` for a file of the tablet's."""

    name: str
    keeps: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


GUARDS = (
    Guard("number first", "F1, I6", (Edit(
        "villages/changes.py", "            number: bulk.Question = (_NUMBER, [district])\n",
        "            taken = await writer().execute_query_dict(sql(writer(), _NUMBER), [district])\n"
        '            text = "SELECT CAST(? AS BIGINT) AS rev, chain_hash, epoch FROM district_head WHERE district = ?"\n'
        '            number: bulk.Question = (text, [taken[0]["rev"] if taken else 0, district])\n'),),
        ("tests/hostile/test_writers.py",)),
    Guard("chain last", "I13", (Edit(
        "villages/changes.py",
        '    line.later("UPDATE district_head SET chain_hash = ? WHERE district = ?", digest, line.district)\n', ""),),
        (f"{CHANGES}a_change_takes_the_next_number_and_leaves_a_line[sqlite]",)),
    Guard("shield", "I22", (Edit("villages/changes.py", "return await asyncio.shield(task)", "return await task"),),
        (f"{CHANGES}who_goes_away_does_not_stop_what_was_begun[sqlite]",)),
    Guard("a part of one's own", "I6, I22", (Edit(
        "villages/ground/sqlite_engine.py", '            raw.execute("ROLLBACK TO part")\n', ""),),
        (f"{SHARED}who_fails_takes_back_nothing_of_others",)),
    Guard("answered after the commit", "I2, I6", (Edit(
        "villages/ground/sqlite_engine.py", "        failed = await asyncio.shield(self._group.ended)\n", "        failed = None\n"),),
        (f"{SHARED}nobody_is_answered_before_the_commit",)),
    Guard("look-up by id", "F8, I2, I3", (Edit(
        "offline_sync/receipts.py", "    if not found:\n        return None\n    row = found[0]\n", "    return None\n    row = found[0]\n"),),
        (KILLED,)),
    Guard("id check", "F9, I1", (Edit(
        "offline_sync/receipts.py",
        '    if row["body_hash"] != arrived.body_hash or str(row["person"]) != str(who.person):\n', "    if False:\n"),),
        (f"{SCENARIOS}another_body_under_a_taken_id_is_kept_apart",)),
    Guard("sequence check", "I4, I17", (
        Edit("offline_sync/receipts.py", "    if command.seq <= replica.last_seq:\n", "    if False:\n"),
        Edit("offline_sync/receipts.py", "    if command.seq != replica.last_seq + 1:\n", "    if False:\n"),
        Edit("offline_sync/receipts.py", "WHERE id = ? AND last_seq = ? RETURNING", "WHERE id = ? AND last_seq >= 0 * ? RETURNING")),
        (BACK, f"{SCENARIOS}what_was_delayed_arrives_when_nobody_waits_for_it")),
    Guard("drop", "F25, I9", (Edit(
        "offline_sync/pull.py", "[scope for scope in asked.scopes if scope not in scopes]", "[]"),), (TAKEN,)),
    Guard("gone", "I7", (Edit(
        "offline_sync/pull.py", "left = await feed.gone(scope, who.district, after, cursors[scope])", "left: list[Row] = []"),), (HANDS,)),
    Guard("scope filter", "I8", (Edit(
        "offline_sync/feed.py", '("t.town = ? AND t.home = ?", (scope[:9], scope))', '("t.town = ?", (scope[:9],))'),), (HANDS, TAKEN)),
    Guard("deposits see nothing", "I8", (Edit(
        "offline_sync/pull.py", '    if who.kind == "deposit":\n        raise Problem("deposit_only")\n', ""),),
        ("tests/offline_sync/test_push.py::test_a_deposit_hands_in_but_is_told_no_rows",)),
    Guard("photos of others", "I8", (Edit(
        "offline_sync/photos.py", "if not is_hash(sha256) or not await seen_hashes(who, await slots_of([sha256])):", "if not is_hash(sha256):"),),
        ("tests/offline_sync/test_uploads_seen.py",)),
    Guard("epoch", "F32, I17", (Edit(
        "offline_sync/restore.py", "    head, epoch = await the_district(), uuid4()\n",
        "    head = await the_district()\n    epoch = head.epoch\n"),), (BACK,)),
    Guard("epoch on the wire", "F32, I17", (Edit(
        "offline_sync/pull.py", "        if asked.epoch and asked.epoch != epoch:\n", "        if False:\n"),),
        (f"{SCENARIOS}a_server_that_was_given_up_is_served_again",)),
    Guard("clocks that are set (tablet)", "I20", (Edit(
        "offline_sync/tablet/sync/passed.ts", "Math.abs(Date.now() - then)", "Date.now() - then"),), ("npm sync-clock-set",)),
    Guard("backup horizon", "I16, I17", (Edit(
        "offline_sync/nightly.py", "        moment = clock.rfc3339(made.taken_at)\n",
        "        moment = clock.rfc3339(clock.now() + timedelta(days=60))\n"),), (WEEK,)),
    Guard("late deletion (model)", "I16, I17", (Edit(
        "tests/hostile/tablet.py", "        if self.horizon is None:\n            return\n        covered = _moment(self.horizon) - KEPT_FOR\n",
        "        covered = clock.now() + timedelta(days=1)\n"),), (WEEK,)),
    Guard("late deletion (tablet)", "I16, I17", (Edit(
        "offline_sync/tablet/keep/clean.ts", 'const covered = Date.parse(horizon ?? "") - KEPT_FOR;', "const covered = Date.now() + KEPT_FOR;"),),
        ("npm keep-clean",)),
    Guard("compare-and-set (model)", "I7, I9", (Edit(
        "tests/hostile/tablet.py", "        if asked != self.cursors:\n", "        if False:\n"),),
        (f"{SCENARIOS}a_page_of_before_comes_after_one_of_later", TAKEN)),
    Guard("compare-and-set (tablet)", "I7, I18", (Edit(
        "offline_sync/tablet/keep/pages.ts", "    if (!same(asked, held)) return false;\n", ""),), ("npm keep-pages",)),
    Guard("rev guard (tablet)", "I7", (Edit(
        "offline_sync/tablet/keep/pages.ts", "change.rev > there.rev", "true"),), ("npm keep-pages",)),
    Guard("decided once", "I2", (Edit(
        "offline_sync/held.py", 'Command.filter(id=row.id, decision="").update', "Command.filter(id=row.id).update"),),
        (f"{SCENARIOS}two_of_the_office_decide_at_once",)),
    Guard("devices out of service", "I9", (Edit("offline_sync/push.py", "    if here.revoked:\n", "    if False:\n"),),
        (f"{SCENARIOS}a_device_out_of_service_hands_in_and_is_told_nothing",)),
    Guard("nothing for a device out of service", "I9", (Edit(
        "offline_sync/pull.py", '    if await is_revoked(who.device):\n        raise Problem("account_disabled", {"wipe": True})\n', ""),),
        (f"{SCENARIOS}a_device_out_of_service_hands_in_and_is_told_nothing",)),
    Guard("floor", "I7", (Edit("offline_sync/feed.py", "        if not floor:\n", "        if True:\n"),),
        (f"{FLOORS}a_department_keeps_photos_for_tasks_of_its_own_only",)),
    Guard("photos of what is told", "I7, I23", (Edit("offline_sync/feed.py", "{int(floor)} OR {needs})", "{int(floor)})"),),
        (f"{FLOORS}old_photos_stay_while_what_they_prove_is_told",)),
    Guard("photos of what is told (tablet)", "I7, I23", (Edit(
        "offline_sync/tablet/keep/floor.ts", "(rev > floor || !finished(kind, row))", "!finished(kind, row)"),), ("npm keep-pages",)),
    Guard("photos of its own tasks", "I7, I23", (Edit(
        "offline_sync/feed.py", '            unit=unit,\n', ""),),
        (f"{FLOORS}a_department_keeps_photos_for_tasks_of_its_own_only",)),
    Guard("what waited is told anew", "I7, I10", (Edit(
        "inspections/evidence.py", "        elif key in here:\n            told.append(key)\n", ""),),
        (f"{FLOORS}what_waited_past_the_floor_is_told_with_its_photos",)),
    Guard("slept past the floor (model)", "I7", (Edit(
        "tests/hostile/tablet.py", "if asked[scope] < floor.get(scope, 0)]", "if False]"),),
        (f"{FLOORS}a_tablet_that_slept_past_the_floor_begins_its_scopes_anew",)),
    Guard("slept past the floor (tablet)", "I7", (Edit(
        "offline_sync/tablet/keep/pages.ts", "    if (slept.length) return false;\n", ""),), ("npm keep-pages",)),
    Guard("cursors of a future", "I7", (Edit(
        "offline_sync/pull.py", 'if any(cursor > head["rev"] for cursor in asked.scopes.values()):', "if False:"),),
        (f"{FLOORS}cursors_of_a_future_that_never_was_begin_anew",)),
    Guard("previews of others", "I8", (Edit(
        "offline_sync/photos.py", "        if all(slot.person != who.person for slot in slots):\n", "        if False:\n"),), (OWN,)),
    Guard("whole previews", "I15", (Edit(
        "offline_sync/photos.py", "        await asyncio.to_thread(_check_preview, data)\n", ""),), (OWN,)),
    Guard("the first preview", "I3", (Edit("offline_sync/photos.py", "    if not there:\n", "    if True:\n"),), (OWN,)),
    Guard("no preview beside the photo", "I15", (Edit(
        "offline_sync/photos.py", "        if await asyncio.to_thread(blobs.size, sha256) is not None:\n            return  # the original",
        "        if False:\n            return  # the original"),), (OWN,)),
    Guard("hash of the bytes", "I15", (Edit("offline_sync/arrivals.py", "if not partial.matches():", "if False:"),), (KILLED,)),
)  # fmt: skip


def without(guard: Guard, root: Path) -> None:
    """Take the guard out of the tree at `root`. Raises ValueError when its text is not there exactly once."""
    for edit in guard.edits:
        path = root / edit.file
        text = path.read_text(encoding="utf-8")
        if (times := text.count(edit.old)) != 1:
            raise ValueError(f"{guard.name}: its text stands {times} times in {edit.file}, once was meant")
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")


def copy_of_the_house(to: Path) -> Path:
    """The project's own files; what a set-up made is lent, not copied."""
    for name in files(ROOT):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, to / name)
    for made in (".venv", "node_modules", "offline_sync/static"):
        if (ROOT / made).exists():
            (to / made).symlink_to((ROOT / made).resolve())
    return to


def red(tests: Iterable[str], root: Path) -> tuple[list[str], str]:
    """(the tests that went red, what was said). A run that could not even begin counts as neither: SystemExit."""
    tests = list(tests)
    python = [test for test in tests if not test.startswith("npm ")]
    commands = (
        [[sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *python]] if python else []
    )
    tablet = [test[4:] for test in tests if test.startswith("npm ")]
    commands += [["node", "tests/tablet/run.mjs", *tablet]] if tablet else []
    fallen: list[str] = []
    said = ""
    for command in commands:
        try:
            done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return [*fallen, f"{tests[0]} (did not end)"], said
        said += done.stdout + done.stderr
        found = re.findall(
            r"^FAILED ([^\s-]+)|^(?:✖|not ok \d+ -) (.*?)(?: \([\d.]+ms\))?$", done.stdout, re.MULTILINE
        )
        if done.returncode and not found:
            raise SystemExit(f"{' '.join(command)} could not run:\n{said[-3000:]}")
        fallen += list(dict.fromkeys(pytest or node for pytest, node in found if "failing tests" not in node))
    return fallen, said


def trial(guard: Guard) -> list[str]:
    """The tests that missed the guard; none means that the suite is blind to it."""
    with tempfile.TemporaryDirectory(prefix="xuncun-guard-") as folder:
        root = copy_of_the_house(Path(folder))
        without(guard, root)
        fallen, _ = red(guard.tests, root)
        return fallen


def main() -> int:
    """0 when every guard was missed."""
    asked = argparse.ArgumentParser(prog="./dev hostile --guards")
    asked.add_argument("names", nargs="*")
    asked.add_argument("--list", action="store_true")
    given = asked.parse_args()
    chosen = [guard for guard in GUARDS if not given.names or any(name in guard.name for name in given.names)]
    if given.list:
        print("\n".join(f"{guard.name:26} {guard.keeps:12} {', '.join(guard.tests)}" for guard in chosen))
        return 0
    needed = dict.fromkeys(test for guard in chosen for test in guard.tests)
    print(f"with every guard in place: {len(needed)} tests … ", end="", flush=True)
    fallen, said = red(needed, ROOT)
    if fallen:
        print(f"red already: {fallen}\n{said[-3000:]}")
        return 1
    print("green")
    blind = 0
    for guard in chosen:
        begun = time.monotonic()
        fallen = trial(guard)
        blind += not fallen
        told = ", ".join(one.rpartition("::")[2] for one in fallen) if fallen else "nobody noticed"
        print(
            f"{'✓' if fallen else '✗'} {guard.name:26} {guard.keeps:12} {time.monotonic() - begun:5.0f} s  {told}",
            flush=True,
        )
    return 1 if blind else 0


if __name__ == "__main__":
    sys.exit(main())
