"""POST /api/sync/pull: what changed in the caller's scopes since their cursors, from one read snapshot."""

import hashlib
from datetime import timedelta
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from offline_sync import feed
from offline_sync.devices import is_revoked
from offline_sync.protocol import PullIn
from offline_sync.push import MIN_BUILD, own_replica
from offline_sync.rows import Row, settings_of
from offline_sync.wire import answer, decode, raw_body
from villages.districts import LIMITS
from villages.ground import clock
from villages.ground.database import rows, snapshot
from villages.ground.problems import Problem
from villages.permissions import Who, departments, prefixes
from villages.web import bearer

TOWNS_FOR_THE_OFFICE = 2


def granted(who: Who, asked: list[str]) -> list[str]:
    """The scopes the person holds now, in the order to be told: g, u:, then as asked, then new ones."""
    held: list[str] = []
    towns_asked = [scope for scope in asked if len(scope) == 9 and scope.isdigit()]
    for prefix in prefixes(who):
        if len(prefix) > 6:
            held.append(prefix)
        else:
            # District posts work at the desk; a tablet of theirs carries at most two towns it asks for.
            held += [town for town in towns_asked if town.startswith(prefix)][:TOWNS_FOR_THE_OFFICE]
    held += [f"d:{unit}" for unit in departments(who)]
    rank = {scope: place for place, scope in enumerate(asked)}
    return ["g", f"u:{who.person}", *sorted(dict.fromkeys(held), key=lambda s: (rank.get(s, len(rank)), s))]


async def pull(request: Request) -> Response:
    """One page. Raises reset (epoch, ahead), sign_in_needed, account_disabled (wipe) or deposit_only."""
    who = await bearer(request)
    if who.kind == "deposit":
        raise Problem("deposit_only")
    if await is_revoked(who.device):
        raise Problem("account_disabled", {"wipe": True})
    asked = decode(await raw_body(request, LIMITS["command_bytes"], "请求"), PullIn)
    await own_replica(who, asked.replica, who.device)
    async with snapshot():
        head = (await rows("SELECT * FROM district_head WHERE district = ?", who.district))[0]
        epoch = str(head["epoch"])
        if asked.epoch and asked.epoch != epoch:
            raise Problem("reset", {"reason": "epoch", "epoch": epoch})
        if any(cursor > head["rev"] for cursor in asked.scopes.values()):
            raise Problem("reset", {"reason": "ahead", "epoch": epoch})
        page = await _page(who, asked, int(head["rev"]))
    body = {
        "epoch": epoch, "head": head["rev"], "server_time": clock.rfc3339(clock.now()), "min_build": MIN_BUILD,
        "backup_horizon": settings_of(head).get("backup_horizon"), **page,
    }  # fmt: skip
    return answer(body)


async def _page(who: Who, asked: PullIn, head: int) -> dict[str, Any]:
    scopes = granted(who, list(asked.scopes))
    floor = await floor_rev(who.district)
    cursors = {scope: asked.scopes.get(scope, 0) for scope in scopes}
    room = min(asked.limit, LIMITS["pull_rows"])
    space = LIMITS["pull_bytes"]
    changes: list[Row] = []
    gone: list[Row] = []
    more = False
    for scope in scopes:
        if more:
            break
        if (after := cursors[scope]) == head:
            continue
        found, cursors[scope], more = await _read(
            scope, who.district, after, floor, room, space, bool(changes or gone), head
        )
        left = await feed.gone(scope, who.district, after, cursors[scope])
        changes += found
        gone += left
        room -= len(found) + len(left)
        space -= sum(len(msgspec.json.encode(row)) for row in (*found, *left))
    sums = {
        scope: await _sum(scope, who.district, floor)
        for scope in dict.fromkeys(asked.verify)
        if scope in scopes and not more
    }
    return {
        "more": more, "drop": [scope for scope in asked.scopes if scope not in scopes], "scopes": cursors,
        "floor": {scope: floor for scope in scopes if feed.has_floor(scope)}, "gone": gone, "changes": changes, "sums": sums,
    }  # fmt: skip


async def _read(
    scope: str, district: str, cursor: int, floor: int, room: int, space: int, started: bool, head: int
) -> tuple[list[Row], int, bool]:
    """(rows, new cursor, more) of one scope: whole numbers only, at least one number unless the page has begun."""
    if room <= 0 or space <= 0:
        return [], cursor, True
    numbers = await feed.revs(scope, district, cursor, floor, room + 1)
    if not numbers:
        return [], head, False
    upto, more = head, False
    if len(numbers) > room:
        whole = [number for number in numbers if number < numbers[room]]
        if not whole and started:
            return [], cursor, True
        upto, more = (whole[-1], True) if whole else (numbers[room], True)
    found = await feed.tell(scope, district, cursor, upto, floor)
    fitting = _fit(found, space, started)
    if len(fitting) < len(found):
        return fitting, (fitting[-1]["rev"] if fitting else cursor), True
    return found, upto, more


def _fit(found: list[Row], space: int, started: bool) -> list[Row]:
    """As many whole numbers as fit into the space; the first number always, on an empty page."""
    used = 0
    for place, row in enumerate(found):
        used += len(msgspec.json.encode(row))
        if used > space:
            first = next(i for i, entry in enumerate(found) if entry["rev"] == row["rev"])
            if first == 0 and not started:
                continue
            return found[:first] if first or started else found[: place + 1]
    return found


async def floor_rev(district: str) -> int:
    """The number at or below which what is finished may leave the tablets: the last of `keep_days` ago."""
    then = clock.rfc3339(clock.now() - timedelta(days=LIMITS["keep_days"]))
    found = await rows(
        "SELECT rev FROM change WHERE district = ? AND heard_at < ? ORDER BY heard_at DESC, rev DESC LIMIT 1",
        district,
        then,
    )
    return int(found[0]["rev"]) if found else 0


async def _sum(scope: str, district: str, floor: int) -> dict[str, Any]:
    total = 0
    held = await feed.keys(scope, district, floor)
    for kind, key, rev in held:
        total ^= int.from_bytes(hashlib.sha256(f"{kind}|{key}|{rev}".encode()).digest()[:8], "big")
    return {"n": len(held), "x": f"{total:016x}"}
