"""The feed's index: which rows of which kinds a scope holds, by the number of the change that last touched them.

A scope is `g`, `u:<person>`, a division code, or `d:<unit>`. A row lives under one home; a tablet holds it while
any of its scopes contains that home. Nothing but `rev` orders anything here.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from offline_sync import rows as told
from offline_sync.rows import Row
from villages.ground.database import rows

FINISHED = {"inspection": "('published', 'void')", "task": "('closed', 'cancelled')"}
# A photo goes with what it proves: it stays while any task or visit of the same scope that is told shows it, however
# old it is. What no row shows (pictures of a sweep) keeps nothing: a tablet must come to the same by its rows alone.
_TASK_NEEDS = (
    "EXISTS (SELECT 1 FROM task_photo tp JOIN task k ON k.id = tp.task_id WHERE tp.photo = t.id"
    " AND tp.role IN ('before', 'after') AND (k.rev > {floor} OR k.stage NOT IN ('closed', 'cancelled')){whose})"
)
_VISIT_NEEDS = (
    "EXISTS (SELECT 1 FROM photo_use pu JOIN inspection i ON i.id = pu.inspection WHERE pu.photo_id = t.id"
    " AND (i.rev > {floor} OR i.stage NOT IN ('published', 'void')))"
)

# A district's round is everybody's once it has started, a town's self-check only its own town's; whoever is assigned
# has the round beside their assignment wherever else it is not told to them.
_STARTED = "t.owner = ? AND t.stage <> 'planned'"
_ASSIGNED = (
    "(t.stage = 'planned' OR LENGTH(t.owner) > 6) AND EXISTS (SELECT 1 FROM assignment a"
    " WHERE a.round_id = t.id AND a.person = ? AND a.stage <> 'withdrawn')"
)


@dataclass(frozen=True)
class Source:
    """One kind of row in one scope: `where` uses `t` for the table; `values` fill its marks."""

    kind: str
    table: str
    key: str
    where: str
    values: tuple[Any, ...]
    tell: Callable[[list[Row]], Awaitable[list[Row]]]
    rev: str = "rev"
    unit: str = ""  # of a department's photos: whose tasks show them

    def above(self, floor: int) -> tuple[str, tuple[Any, ...]]:
        """The condition that leaves out what is finished at or below the floor, and the values of its marks."""
        if not floor:
            return "", ()
        if self.kind == "photo":
            needs = _TASK_NEEDS.format(floor=int(floor), whose=" AND k.unit = ?" if self.unit else "")
            needs += "" if self.unit else f" OR {_VISIT_NEEDS.format(floor=int(floor))}"
            return f" AND (t.{self.rev} > {int(floor)} OR {needs})", (self.unit,) if self.unit else ()
        if self.kind in FINISHED:
            return f" AND (t.{self.rev} > {int(floor)} OR t.stage NOT IN {FINISHED[self.kind]})", ()
        return "", ()


def sources(scope: str, district: str) -> list[Source]:
    """The kinds of rows that live under a scope, in the order they are told."""
    if scope == "g":
        mine = "t.district = ?"
        return [
            Source("settings", "district_head", "district", mine, (district,), _settings, "settings_rev"),
            Source("town", "town", "code", "t.code LIKE ?", (f"{district}%",), told.towns),
            Source("unit", "unit", "code", mine, (district,), told.units),
            Source(
                "checklist",
                "checklist_version",
                "sha256",
                f"{mine} AND t.stage <> 'draft'",
                (district,),
                told.checklists,
            ),
            Source("round", "round", "id", _STARTED, (district,), told.rounds),
        ]
    if scope.startswith("u:"):
        person = scope[2:]
        return [
            Source("round", "round", "id", _ASSIGNED, (person,), told.rounds),
            Source("assignment", "assignment", "id", "t.person = ?", (person,), told.assignments),
            Source("card", "card", "id", "t.person = ?", (person,), told.cards),
            Source("look_back", "look_back_task", "id", "t.person = ?", (person,), told.look_backs),
            Source("photo", "photo", "id", "t.town = '' AND t.home = ?", (scope,), told.photos),
        ]
    if scope.startswith("d:"):
        return _department(scope[2:])
    where, values = (
        ("t.town = ?", (scope,)) if len(scope) == 9 else ("t.town = ? AND t.home = ?", (scope[:9], scope))
    )
    return [
        Source("round", "round", "id", _STARTED, (scope[:9],), told.rounds),
        Source("village", "village", "code", where, values, told.villages),
        Source("inspection", "inspection", "id", where, values, told.inspections),
        Source("task", "task", "id", where, values, told.tasks),
        Source("photo", "photo", "id", where, values, told.photos),
    ]


def _department(unit: str) -> list[Source]:
    theirs = "EXISTS (SELECT 1 FROM task k{join} WHERE k.unit = ? AND {on})"
    return [
        Source("village", "village", "code", theirs.format(join="", on="k.village = t.code"), (unit,), told.villages),
        Source("task", "task", "id", "t.unit = ?", (unit,), told.tasks),
        Source(
            "photo", "photo", "id",
            theirs.format(join=" JOIN task_photo tp ON tp.task_id = k.id", on="tp.photo = t.id"), (unit,), told.photos,
            unit=unit,
        ),
    ]  # fmt: skip


def has_floor(scope: str) -> bool:
    """Whether what is finished leaves the scope with time: of a place or a department, never a person's own."""
    return scope[:1].isdigit() or scope.startswith("d:")


def _above(source: Source, scope: str, floor: int) -> tuple[str, tuple[Any, ...]]:
    return source.above(floor) if has_floor(scope) else ("", ())


async def _settings(found: list[Row]) -> list[Row]:
    return [await told.settings_row(row) for row in found]


async def revs(scope: str, district: str, cursor: int, floor: int, limit: int) -> list[int]:
    """The first `limit` row numbers above the cursor, one for each row that came or left, rising."""
    parts: list[str] = []
    values: list[Any] = []
    for source in sources(scope, district):
        above, its = _above(source, scope, floor)
        parts.append(
            f"SELECT t.{source.rev} AS rev FROM {source.table} t WHERE {source.where}"
            f" AND t.{source.rev} > ?{above}"
        )
        values += [*source.values, cursor, *its]
    if cursor and leaves(scope):
        parts.append("SELECT l.rev FROM leaving l WHERE l.scope = ? AND l.rev > ?")
        values += [scope, cursor]
    found = await rows(f"{' UNION ALL '.join(parts)} ORDER BY rev LIMIT {int(limit)}", *values)
    return [int(row["rev"]) for row in found]


async def tell(scope: str, district: str, after: int, upto: int, floor: int) -> list[Row]:
    """Every row of the scope with after < rev ≤ upto: `{scope, rev, kind, id, row}`, in order of rev."""
    out: list[Row] = []
    for source in sources(scope, district):
        above, its = _above(source, scope, floor)
        found = await rows(
            f"SELECT t.* FROM {source.table} t WHERE {source.where}"
            f" AND t.{source.rev} > ? AND t.{source.rev} <= ?{above} ORDER BY t.{source.rev}",
            *source.values, after, upto, *its,
        )  # fmt: skip
        for row, body in zip(found, await source.tell(found) if found else [], strict=True):
            out.append(
                {
                    "scope": scope,
                    "rev": int(row[source.rev]),
                    "kind": source.kind,
                    "id": str(row[source.key]),
                    "row": body,
                }
            )
    return sorted(out, key=lambda entry: int(entry["rev"]))


def leaves(scope: str) -> bool:
    """Whether rows can leave the scope while somebody holds it; a place's rows stay in their place."""
    return scope.startswith(("u:", "d:"))


async def gone(scope: str, district: str, after: int, upto: int) -> list[Row]:
    """Rows that left the scope with after < rev ≤ upto and are not in it now: `{scope, rev, kind, id}`.

    Nothing for a tablet that begins: it holds none of them.
    """
    if not after or not leaves(scope):
        return []
    left = await rows(
        "SELECT kind, row_id, MAX(rev) AS rev FROM leaving WHERE scope = ? AND rev > ? AND rev <= ?"
        " GROUP BY kind, row_id ORDER BY MAX(rev), kind, row_id",
        scope, after, upto,
    )  # fmt: skip
    here: set[tuple[str, str]] = set()
    for source in sources(scope, district) if left else ():
        ids = [row["row_id"] for row in left if row["kind"] == source.kind]
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            found = await rows(
                f"SELECT t.{source.key} AS id FROM {source.table} t WHERE {source.where}"
                f" AND t.{source.key} IN ({told.marks(len(part))})",
                *source.values, *part,
            )  # fmt: skip
            here |= {(source.kind, str(row["id"])) for row in found}
    return [
        {"scope": scope, "rev": int(row["rev"]), "kind": row["kind"], "id": row["row_id"]}
        for row in left
        if (row["kind"], row["row_id"]) not in here
    ]


async def keys(scope: str, district: str, floor: int) -> list[tuple[str, str, int]]:
    """(kind, id, rev) of every row a complete tablet holds of this scope: what `sums` are made of."""
    out: list[tuple[str, str, int]] = []
    for source in sources(scope, district):
        above, its = _above(source, scope, floor)
        found = await rows(
            f"SELECT t.{source.key} AS id, t.{source.rev} AS rev FROM {source.table} t"
            f" WHERE {source.where}{above}",
            *source.values,
            *its,
        )
        out += [(source.kind, str(row["id"]), int(row["rev"])) for row in found]
    return out
