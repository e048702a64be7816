"""The demo over a real server: what it leaves, stopped and run again, run twice, by seed, and where it must not play."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from inspections.checklists import load_builtin
from offline_sync.demo.play import main
from offline_sync.demo.served import served
from tests.house.tree import ROOT
from tests.worlds import migrated
from villages.changes import SYSTEM, Line, change
from villages.districts import found_district
from villages.ground.database import open_database
from villages.people import create_person, hash_password

DEMO = [sys.executable, str(ROOT / "manage.py"), "demo"]


def _read(data: Path, text: str) -> list[tuple[Any, ...]]:
    """Rows of a query on a data folder, opened for reading only."""
    with sqlite3.connect(f"file:{data / 'xuncun.db'}?mode=ro", uri=True) as base:
        return base.execute(text).fetchall()


def _left(data: Path) -> dict[str, Any]:
    """What a play left, without what the office's draw decides: a passed task is checked or closed."""
    steps: dict[str, list[str]] = {}
    for finding, verb in _read(
        data, "SELECT t.finding, s.verb FROM step s JOIN task t ON t.id = s.task_id ORDER BY s.rev"
    ):
        steps.setdefault(finding, []).append(verb)
    return {
        "inspections": _read(data, "SELECT id, village, score, grade FROM inspection ORDER BY id"),
        "findings": _read(data, "SELECT id, item, text, place, action FROM finding ORDER BY id"),
        "steps": {finding: [verb for verb in verbs if verb != "close"] for finding, verbs in steps.items()},
        "photos": _read(data, "SELECT state, COUNT(*), SUM(has_preview) FROM photo GROUP BY 1 ORDER BY 1"),
        "commands": _read(data, "SELECT verb, status, COUNT(*) FROM command GROUP BY 1, 2 ORDER BY 1, 2"),
        "people": _read(data, "SELECT name, title, must_change FROM person ORDER BY name"),
        "rounds": _read(data, "SELECT name, number, stage FROM round ORDER BY number"),
    }


def _acts(data: Path) -> int:
    """How many changes there are, but for what the server does by itself a minute after its start and once a day."""
    return int(
        _read(data, "SELECT COUNT(*) FROM change WHERE verb NOT IN ('backup.take', 'held.remind')")[0][0]
    )


def _hears_ctrl_c() -> None:
    """A suite that runs in a shell's background was told to pass Ctrl-C over, and so would be what it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _stopped_midway(
    url: str, data: Path, begun: str, how: signal.Signals
) -> subprocess.CompletedProcess[str]:
    """A play that is ended as soon as the query `begun` counts something."""
    run = subprocess.Popen(
        [*DEMO, "--url", url, "--villages", "8"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=_hears_ctrl_c,
    )  # fmt: skip
    until = time.monotonic() + 180
    while time.monotonic() < until and run.poll() is None:
        if _read(data, begun)[0][0]:
            os.kill(run.pid, how)
            break
        time.sleep(0.02)
    out, err = run.communicate(timeout=180)
    return subprocess.CompletedProcess(run.args, run.returncode, out, err)


@pytest.mark.slow
def test_stopped_and_run_again_equals_a_straight_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], demo_template: Path
) -> None:
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    broken.mkdir()
    shutil.copy(demo_template, broken / "xuncun.db")
    assert main(["--data", str(straight), "--villages", "8", "--quiet"]) == 0
    told = capsys.readouterr().out
    with served(broken) as url:
        stopped = _stopped_midway(url, broken, "SELECT COUNT(*) FROM inspection", signal.SIGINT)
        assert stopped.returncode == 130, stopped.stderr
        assert "再运行同样的命令" in stopped.stderr
        assert len(_left(broken)["inspections"]) < 8
        killed = _stopped_midway(
            url, broken, "SELECT COUNT(*) FROM step WHERE verb = 'accept'", signal.SIGKILL
        )
        assert killed.returncode == -signal.SIGKILL
        assert _left(broken)["steps"] != _left(straight)["steps"]
        assert main(["--url", url, "--villages", "8", "--quiet"]) == 0
        assert _left(broken) == _left(straight)  # also: the same seed plays the same on another server
        before = _acts(broken)
        assert main(["--url", url, "--villages", "8", "--quiet"]) == 0
        assert _acts(broken) == before
    left = _left(straight)
    assert len(left["inspections"]) == 8
    assert {status for _, status, _ in left["commands"]} == {"applied"}
    assert {row[0] for row in _read(straight, "SELECT stage FROM task")} >= {
        "dispatched",
        "accepted",
        "closed",
    }
    assert "检查 8 份" in told
    tasks = _read(straight, "SELECT COUNT(*) FROM task")[0][0]
    assert f"任务 {tasks} 项" in told


@pytest.mark.slow
def test_photos_arrive_as_announced_and_a_longer_run_goes_on(tmp_path: Path, demo_template: Path) -> None:
    shutil.copy(demo_template, tmp_path / "xuncun.db")
    with served(tmp_path) as url:
        assert main(["--url", url, "--villages", "1", "--photos", "all", "--quiet"]) == 0
        first = _left(tmp_path)
        for sha256, size in _read(tmp_path, "SELECT sha256, size FROM photo WHERE state = 'stored'"):
            assert next((tmp_path / "blobs").rglob(sha256)).stat().st_size == size
        assert main(["--url", url, "--villages", "2", "--photos", "all", "--quiet"]) == 0
        second = _left(tmp_path)
        assert [row for row in second["inspections"] if row in first["inspections"]] == first["inspections"]
        assert len(second["inspections"]) == 2
        assert {status for _, status, _ in second["commands"]} == {"applied"}
        assert main(["--url", url, "--seed", "2", "--villages", "1", "--quiet"]) == 0
        assert len(_left(tmp_path)["inspections"]) == 3  # another seed is another round


def _real_district(data: Path) -> None:
    async def make() -> None:
        async with open_database(migrated(data)):
            await found_district("110109", "门头沟区", "real")
            await load_builtin("110109")
            hashed = await hash_password("xuncun-demo")

            async def office(line: Line) -> None:
                await create_person(
                    line, name="office", title="区级办公室", phone="", password_hash=hashed, must_change=False,
                    posts=[("district_office", "110109")],
                )  # fmt: skip

            await change(office, district="110109", actor=SYSTEM, verb="person.create")

    asyncio.run(make())


@pytest.mark.slow
def test_a_real_district_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _real_district(tmp_path)
    assert main(["--data", str(tmp_path), "--villages", "1"]) == 1
    assert "正式数据" in capsys.readouterr().err
    assert _read(tmp_path, "SELECT COUNT(*) FROM person")[0][0] == 1
    assert _read(tmp_path, "SELECT COUNT(*) FROM round")[0][0] == 0


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "ftp://somewhere", "http://:x"])
def test_one_line_says_what_is_wrong(
    address: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("offline_sync.demo.link.TRIES", 2)
    assert main(["--url", address]) == 1
    told = capsys.readouterr().err.strip()
    assert told.startswith("演示停下了：")
    assert "\n" not in told


def test_it_plays_through_http_alone() -> None:
    code = "import json, sys, offline_sync.demo.play; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in json.loads(run.stdout)}
    assert not loaded & {"tortoise", "aiosqlite", "sqlite3", "asyncpg", "dispatch", "villages"}
