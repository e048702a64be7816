"""What a submission and a pull cost when the database holds ten times the history, beside one with a tenth of it."""

import json
import sqlite3
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks import inprocess, pull
from tests.benchmarks.figures import Figure
from tests.benchmarks.server import Server
from tests.benchmarks.submit import push
from tests.benchmarks.world import Client, prepare

BLOCKS = 4

# Columns that name something: they get other first digits in every copy, so that copies refer to themselves.
_NAMES = {
    "round": ("id",),
    "assignment": ("id", "round_id"),
    "inspection": ("id", "round_id"),
    "finding": ("id", "inspection_id"),
    "photo": ("id", "sha256"),
    "photo_use": ("photo_id", "inspection", "finding"),
    "task": ("id", "inspection", "finding"),
    "step": ("id", "task_id"),
    "task_photo": ("task_id", "photo", "sha256"),
    "command": ("id", "replica"),
    "change": ("command_id",),
    "change_body": (),
}
_MOMENTS = (
    "heard_at",
    "finished_at",
    "started_at",
    "dispatched_at",
    "deadline",
    "closed_at",
    "opens",
    "closes",
)


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """Two servers, one with a year behind it and one with ten, take blocks of submissions turn about; then tablets that
    were there before the last block ask both what is new."""
    each, kept = (10, 8) if quick else (20, 20)
    once = 1 if quick else 3
    world = prepare(folder / "world", kept + each * (BLOCKS + 1) + 8)
    block = world.block(kept)
    plan = [(client.token, client.replica, made) for client, made in zip(world.clients, block, strict=True)]
    inprocess.run(world.data, plan)
    young, old = world.copy(folder / "young"), world.copy(folder / "old")
    behind = [grow(young, once), grow(old, 10 * once)]
    costs: list[list[float]] = [[], []]
    with Server(young) as first, Server(old) as second:
        for turn in range(BLOCKS + 1):
            before = [_head(server) for server in (first, second)]
            block = world.block(each, on=(young, old))
            for server, cost in zip((first, second), costs, strict=True):
                found = push(server, world, block)
                if turn:
                    cost.append(1000 * found["server_cpu"] / found["requests"])
        news = [
            _news(server, world.clients[: pull.TABLETS], rev)
            for server, rev in zip((first, second), before, strict=True)
        ]
        asking = list(zip((first, second), news, strict=True))
        pages: list[list[float]] = []
        for turn in range(2 * BLOCKS):
            back = -1 if turn % 2 else 1
            pages.append([pull.cost(server, asked)[0] for server, asked in asking[::back]][::back])
    ratio = median(many / few for few, many in zip(*costs, strict=True))
    few, many = (median(costs) for costs in zip(*pages, strict=True))
    told = "CPU, a page of what is new, behind"
    yield Figure("history", f"{told} {behind[0]:,}", few, "ms")
    yield Figure(
        "history", f"{told} {behind[1]:,}", many, "ms", few, median(b / a for a, b in pages), "ratio <= 1.2"
    )
    yield Figure("history", f"CPU behind {behind[0]:,} inspections", median(costs[0]), "ms each")
    yield Figure(
        "history", f"CPU behind {behind[1]:,} inspections", median(costs[1]), "ms each", median(costs[0]), ratio,
        "ratio <= 1.2",
    )  # fmt: skip


def _head(server: Server) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/healthz", timeout=10) as answer:
        return int(json.load(answer)["rev"])


def _news(server: Server, clients: Sequence[Client], rev: int) -> list[list[bytes]]:
    """What each tablet asks that has had everything up to `rev`."""
    made = []
    for client in clients:
        page = pull.ask(server, client, dict.fromkeys(pull.ask(server, client, {})["scopes"], rev))
        if not page["changes"] or "reset" in page:
            raise RuntimeError(f"nothing new for {client.person}")
        made.append([pull.request(client, dict.fromkeys(page["scopes"], rev))] * 5)
    return made


def grow(data: Path, copies: int) -> int:
    """Put so many copies of all rounds that were visited behind the district, a month between each; returns the
    number of inspections then. Copies are published and their tasks closed."""
    base = sqlite3.connect(data / "xuncun.db", isolation_level=None)
    base.execute("PRAGMA foreign_keys=OFF")
    base.execute("BEGIN")
    top = base.execute("SELECT rev FROM district_head").fetchone()[0]
    for table in _NAMES:
        base.execute(f"CREATE TEMP TABLE first_{table} AS SELECT * FROM {table} {_behind(table)}")
    for copy in range(1, copies + 1):
        for table in _NAMES:
            base.execute(f"INSERT INTO {table} {_copied(base, table, copy, top)}")
    base.execute("UPDATE inspection SET stage = 'published' WHERE stage = 'submitted'")
    base.execute("UPDATE task SET stage = 'closed', closed_at = deadline")
    base.execute("UPDATE district_head SET rev = ?", (top * (copies + 1),))
    base.execute("COMMIT")
    found: int = base.execute("SELECT COUNT(*) FROM inspection").fetchone()[0]
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()
    return found


def _behind(table: str) -> str:
    visited = "(SELECT round_id FROM inspection)"
    if table == "round":
        return f"WHERE id IN {visited}"
    if table == "assignment":
        return f"WHERE round_id IN {visited}"
    return "WHERE command_id IS NOT NULL" if table == "change" else ""


def _copied(base: sqlite3.Connection, table: str, copy: int, top: int) -> str:
    chosen = []
    for _, name, kind, *_ in base.execute(f"PRAGMA table_info({table})").fetchall():
        if name in _NAMES[table]:
            chosen.append(f"printf('%08x', {copy}) || substr({name}, 9)")
        elif name == "id" and table in ("change", "change_body"):
            chosen.append(f"id + {copy * top}")
        elif name == "id" and "INT" in kind.upper():
            chosen.append("NULL")
        elif name in ("rev", "moved_rev"):
            chosen.append(f"{name} + {copy * top}")
        elif table == "round" and name == "stage":
            chosen.append("'published'")
        elif name in ("name", "number") and table in ("round", "task"):
            chosen.append(f"{name} || '-{copy}'")
        elif name in _MOMENTS:
            chosen.append(_earlier(name, table, 30 * copy))
        else:
            chosen.append(name)
    return f"SELECT {', '.join(chosen)} FROM temp.first_{table}"


def _earlier(name: str, table: str, days: int) -> str:
    shape = "%Y-%m-%dT%H:%M:%fZ" if table == "change" else "%Y-%m-%d %H:%M:%f000+00:00"
    shape = "%Y-%m-%d" if name in ("opens", "closes") else shape
    return f"strftime('{shape}', {name}, '-{days} days')"
