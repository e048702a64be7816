"""Rows and their shapes grow together: what a real district's feed tells is just what the schema says of it."""

from typing import Any, get_type_hints

import httpx2
import msgspec
import pytest

from offline_sync.row_shapes import RowKinds
from tests.offline_sync.tablet import PASSWORD, VILLAGE, Tablet, finding, photo, picture, visit
from tests.offline_sync.test_golden import drawn_for
from tests.offline_sync.test_hostile_scopes import DEPARTMENT, account
from villages.models import Person

SHAPES: dict[str, Any] = get_type_hints(RowKinds)


def strictly(kind: str, row: dict[str, Any]) -> None:
    """The row has its shape, and nothing that its shape does not know."""
    made = msgspec.convert(row, SHAPES[kind])
    assert msgspec.json.decode(msgspec.json.encode(made)) == row, kind


def rich_visit(tablet: Tablet, **more: Any) -> dict[str, Any]:
    """A visit with every kind of answer: points lost with photos, not applicable, a veto, a signature."""
    before, after, signed = (photo(picture(name)) for name in ("前", "后", "签字"))
    args = visit(tablet, photos=[before], faults=1, **more)
    args["photos"] += [after, signed]
    args["signature"] = {"name": "王书记", "photo": signed["id"], "refused": None}
    by_item = {answer["item"]: answer for answer in args["answers"]}
    position = {"lat": 39.97, "lng": 116.01, "accuracy": 12}
    by_item["RE-1.2"]["counts"] = {"each": 1}
    by_item["RE-1.2"]["findings"] = [
        finding("堆放", [], after=[after["id"]], action="fixed", position=position, severity="major", days=3)
    ]
    by_item["RE-4.5"] |= {"na": True, "note": "没有", "yes": None}
    return args


async def busy_district(http: httpx2.AsyncClient, inspector: Tablet, village: Tablet, town: Tablet) -> None:
    """Every kind of row there is, in more than one stage."""
    await account("water", "line_department", DEPARTMENT)
    told = await inspector.do("inspection.submit", rich_visit(inspector))
    assert told["status"] == "applied", told["message"]
    [task] = told["data"]["tasks"]
    args = visit(inspector, faults=1, village="110109005202")
    first = next(answer for answer in args["answers"] if answer["item"] == "RE-1.1")
    first["findings"][0]["unit"] = DEPARTMENT
    assert (await inspector.do("inspection.submit", args))["status"] == "applied"
    assert (await inspector.do("inspection.submit", visit(inspector)))["status"] == "held"
    position = {"lat": 39.97, "lng": 116.01}
    assert (await inspector.do("village.locate", {"village": VILLAGE, "position": position}))["status"] == (
        "applied"
    )
    mended = {"task": task, "text": "已清理", "photos": [photo(picture("净"), pairs=None)]}
    assert (await village.do("task.submit", mended))["status"] == "applied"
    shown = {"task": task, "reason": "不是本村", "photos": [photo(picture("别处"))]}
    assert (await village.do("task.return", shown))["status"] == "conflict"
    assert (await town.do("task.reject", {"task": task, "reason": "还有"}))["status"] == "applied"
    assert (await town.do("task.close", {"task": task, "reason": "还有"}))["status"] != "applied"
    await drawn_for(task, inspector.me)
    unknown = await Tablet(http, "inspector").sign_in()
    early = {"inspection": str(args["round"]), "photos": [photo(picture("早"), taken_at=None)]}
    assert (await unknown.do("inspection.evidence", early))["status"] == "applied"


async def test_every_row_has_its_shape_and_the_shape_every_row(
    http: httpx2.AsyncClient, inspector: Tablet, village: Tablet, town: Tablet
) -> None:
    await busy_district(http, inspector, village, town)
    office = await Tablet(http, "office").sign_in()
    office.cursors = {"110109005": 0}
    water = await Tablet(http, "water").sign_in(PASSWORD)
    seen: set[str] = set()
    for tablet in (inspector, village, town, office, water):
        for page in await tablet.pull():
            for change in page["changes"]:
                strictly(change["kind"], change["row"])
                seen.add(change["kind"])
    assert seen == set(SHAPES)
    roles = {photo["role"] for visit in inspector.of("inspection") for photo in visit["photos"]}
    assert roles == {"before", "after", "signature"}


@pytest.mark.parametrize(
    "row", [{"code": "110109005", "name": "王平镇", "kind": "镇", "new": 1}, {"code": 110109005}]
)
def test_a_row_that_outgrew_its_shape_is_seen(row: dict[str, Any]) -> None:
    with pytest.raises((AssertionError, msgspec.ValidationError)):
        strictly("town", row)


async def test_people_are_named_where_the_tablet_must_show_them(inspector: Tablet, village: Tablet) -> None:
    other = await Person.get(name="inspector2")
    assert inspector.of("assignment")[0]["with_names"] == {str(other.id): "王平镇检查员 刘晓燕"}
    told = await inspector.do("inspection.submit", visit(inspector, inspectors=[str(other.id)], faults=1))
    await village.pull()
    assert village.of("inspection")[0]["inspector_names"] == {
        inspector.me: "王平镇检查员 张志远", str(other.id): other.title,
    }  # fmt: skip
    [task] = told["data"]["tasks"]
    await village.do("task.submit", {"task": task, "text": "好了", "photos": [photo(picture("净"))]})
    await inspector.pull()
    assert inspector.rows["task", task]["submitted_by"] == [village.me]
