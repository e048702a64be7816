"""Backup, restore and drill: the circle, on real files; what is damaged is named and never counts."""

import hashlib
import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from app import make_app
from offline_sync import backup, nightly, restore, trial
from tests.dispatch.kept import counts_hold_in
from tests.offline_sync.carried_out import carried_out
from tests.offline_sync.tablet import Tablet, finding, full_answers, photo, picture
from tests.offline_sync.test_push import visit
from villages.ground import clock
from villages.ground.database import rows
from villages.ground.locks import data_held
from villages.ground.problems import Problem
from villages.ground.settings import Settings

UP = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


async def _upload(tablet: Tablet, data: bytes) -> None:
    name = hashlib.sha256(data).hexdigest()
    head = {**tablet.auth, **UP, "Upload-Length": str(len(data)), "Upload-Metadata": f"sha256 {_b64(name)}"}
    told = await tablet.http.post("/api/tus", content=data, headers=head)
    assert told.status_code == 201, told.text


def _b64(text: str) -> str:
    import base64

    return base64.b64encode(text.encode()).decode()


async def _with_a_visit(tablet: Tablet, data: bytes) -> None:
    shot = photo(data)
    answers = full_answers()
    answers[0] = {"item": "RE-1.1", "counts": {"each": 1}, "findings": [finding("路面散落垃圾", [shot])]}
    [told] = await tablet.push(
        tablet.command("inspection.submit", visit(tablet, answers=answers, photos=[shot]))
    )
    assert told["status"] == "applied", told
    await _upload(tablet, data)


async def test_the_circle_closes_and_tablets_send_again_what_came_after(
    app: Starlette, http: httpx2.AsyncClient, inspector: Tablet, tmp_path: Path
) -> None:
    """What was before the backup is restored with its photo; what came after comes again from the tablet."""
    settings: Settings = app.state.settings
    await _with_a_visit(inspector, picture("先"))
    made = await nightly.back_up(settings, tmp_path / "backups")
    assert made.whole and made.new_photos == 1 and made.findings["counts"]["inspection"] == 1
    page = (await inspector.pull())[-1]
    assert page["backup_horizon"] == clock.rfc3339(made.taken_at)
    task = inspector.of("task")[0]
    note = inspector.command("task.note", {"task": task["id"], "text": "备份之后的备注", "photos": []})
    assert (await inspector.push(note))[0]["status"] == "applied"
    [before] = await rows("SELECT rev, epoch FROM district_head")

    there = Settings(tmp_path / "elsewhere")
    await _closed(app)
    back = await restore.restore(tmp_path / "backups", there)
    assert back.of.folder == made.folder and str(back.epoch) != str(before["epoch"]) and back.photos == 1
    again = make_app(there)
    async with again.router.lifespan_context(again):
        transport = httpx2.ASGITransport(app=again)
        async with httpx2.AsyncClient(transport=transport, base_url="http://xuncun.test") as fresh:
            inspector.http = fresh
            hello = (await inspector.post("/api/sync/hello", {"replica": inspector.replica})).json()
            assert hello["last_seq"] == note["seq"] - 1 and hello["epoch"] == str(back.epoch)
            old = {"replica": inspector.replica, "epoch": inspector.epoch, "scopes": inspector.cursors}
            reset = await inspector.post("/api/sync/pull", old)
            assert (reset.status_code, reset.json()["error"]) == (409, "reset")
            sent = (await inspector.push_raw(note)).json()
            assert sent["results"][0]["status"] == "applied"
            assert sent["backup_horizon"] == clock.rfc3339(made.taken_at)
            inspector.epoch = hello["epoch"]
            inspector.cursors, inspector.rows = {}, {}
            await inspector.pull()
            [found] = [one for one in inspector.of("task") if one["id"] == task["id"]]
            assert found["steps"][-1]["text"] == "备份之后的备注"
            name = hashlib.sha256(picture("先")).hexdigest()
            served = await fresh.get(f"/api/blobs/{name}", headers=inspector.auth)
            assert served.content == picture("先")
    counts_hold_in(there.sqlite_file)


async def _closed(app: Starlette) -> None:
    """Only one database can be open in a process: end the first server's before another begins."""
    from tortoise import Tortoise

    await Tortoise.close_connections()


async def test_photos_are_copied_once_and_damage_is_named(
    app: Starlette, inspector: Tablet, tmp_path: Path
) -> None:
    settings: Settings = app.state.settings
    to = tmp_path / "backups"
    await _with_a_visit(inspector, picture("一"))
    first = await nightly.back_up(settings, to)
    second = await nightly.back_up(settings, to)
    assert (first.new_photos, second.new_photos) == (1, 0) and second.findings["photos"] == 1
    [kept] = to.glob("photos/??/??/*")
    kept.write_bytes(kept.read_bytes()[:-1] + b"!")  # same length, other bytes: a rotten disk
    mended = await nightly.back_up(settings, to)
    assert mended.whole and mended.mended == 1 and kept.read_bytes() == picture("一")
    [ours] = settings.blobs.glob("??/??/*")
    for path in (kept, ours):  # now both have rotted
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    rotten = await nightly.back_up(settings, to)
    assert not rotten.whole and any(kept.name in fault for fault in rotten.findings["faults"])
    [horizon] = await rows("SELECT settings FROM district_head")
    assert json.loads(horizon["settings"])["backup_horizon"] == clock.rfc3339(mended.taken_at)
    newest = backup.newest_whole(to)
    assert newest and newest.folder == mended.folder
    with pytest.raises(Problem, match="不完整"):
        restore.choose(to, rotten.folder.name)


async def test_a_missing_photo_a_cut_chain_and_a_broken_file_do_not_count(
    app: Starlette, inspector: Tablet, tmp_path: Path
) -> None:
    settings: Settings = app.state.settings
    await _with_a_visit(inspector, picture("二"))
    [stored] = settings.blobs.glob("??/??/*")
    aside = tmp_path / "aside"
    shutil.move(stored, aside)
    lost = await nightly.back_up(settings, tmp_path / "b1")
    assert not lost.whole and stored.name in lost.findings["faults"][0]
    shutil.move(aside, stored)
    with sqlite3.connect(settings.sqlite_file) as raw:
        raw.execute("UPDATE change SET verb = 'altered' WHERE rev = 3")
    cut = await nightly.back_up(settings, tmp_path / "b2")
    assert not cut.whole and any("第 3 行" in fault for fault in cut.findings["faults"])
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"not a database" * 100)
    assert trial.run(settings, broken, tmp_path / "b2").faults


async def test_restore_overwrites_nothing_and_wants_the_bytes_that_were_tried(
    app: Starlette, tmp_path: Path
) -> None:
    settings: Settings = app.state.settings
    to = tmp_path / "backups"
    made = await nightly.back_up(settings, to)
    with pytest.raises(Problem, match="已有数据"):
        await restore.restore(to, settings)
    empty = Settings(tmp_path / "new")
    with data_held(empty.data), pytest.raises(Problem, match="正被"):
        await restore.restore(to, empty)
    assert not empty.sqlite_file.exists()
    with (made.folder / "xuncun.db").open("r+b") as file:
        file.seek(40)
        file.write(b"??")
    with pytest.raises(Problem, match="与当时不符"):
        await restore.restore(to, empty)
    with pytest.raises(Problem, match="没有找到"):
        await restore.restore(tmp_path / "none", empty)


def test_what_is_kept(tmp_path: Path) -> None:
    """Fourteen nights, eight weeks, two years of months; what is not whole goes after a week."""
    now = datetime(2026, 11, 22, 3, tzinfo=UTC)
    for days in range(800):
        _snapshot(tmp_path, now - timedelta(days=days, hours=1), whole=days % 50 != 3)
    backup.thin_out(tmp_path, now)
    kept = backup.listed(tmp_path)
    whole = [one for one in kept if one.whole]
    assert [one.taken_at.date() for one in kept if not one.whole] == [
        (now - timedelta(days=3, hours=1)).date()
    ]
    assert len([one for one in whole if now - one.taken_at < timedelta(days=16)]) >= 14
    months = {clock.local(one.taken_at).strftime("%Y-%m") for one in whole}
    assert len(months) == 24 and 14 + 23 <= len(whole) <= 14 + 8 + 24


def _snapshot(to: Path, taken: datetime, *, whole: bool) -> None:
    folder = to / "snapshots" / taken.strftime(backup.STAMP)
    folder.mkdir(parents=True)
    faults = [] if whole else ["缺照片"]
    told = {
        "taken_at": clock.rfc3339(taken),
        "engine": "sqlite",
        "dump_sha256": "",
        "bytes": 1,
        "new_photos": 0,
        "new_bytes": 0,
        "mended": 0,
        "seconds": 1.0,
    }
    (folder / "manifest.json").write_text(
        json.dumps({**told, "findings": {"faults": faults}}), encoding="utf-8"
    )


async def test_two_at_once_are_one(app: Starlette, tmp_path: Path) -> None:
    to = tmp_path / "backups"
    to.mkdir()
    with backup._alone(to), pytest.raises(Problem, match="另一个备份"):
        backup.take(app.state.settings, to)


async def test_a_night_is_asked_for_once_and_made_up_for(app: Starlette) -> None:
    """The job's key is the night's date, the server carries it out; a whole backup since two o'clock answers for it."""
    settings: Settings = app.state.settings
    first = await nightly.ask_for_tonight(settings)
    second = await nightly.ask_for_tonight(settings)
    assert first and second and first.id == second.id
    assert (await carried_out(first)).state == "done"
    assert await nightly.ask_for_tonight(settings) is None


async def test_a_backup_is_nobody_elses_to_read(app: Starlette, tmp_path: Path) -> None:
    made = await nightly.back_up(app.state.settings, tmp_path / "backups")
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in made.folder.iterdir()}
    assert modes["xuncun.db"] == modes["secret.key"] == "0o600" and made.folder.stat().st_mode & 0o077 == 0
