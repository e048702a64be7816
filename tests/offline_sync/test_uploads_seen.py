"""What is missing, who may look at a photo, and the small preview that runs ahead."""

import io
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from PIL import Image

from dispatch.models import Task, TaskPhoto
from inspections.models import Photo
from offline_sync import photos
from tests.offline_sync.photo_house import (
    DISTRICT,
    FAR_VILLAGE,
    QINGSHUI,
    VILLAGE,
    ZHAITANG,
    House,
    Someone,
    open_house,
    picture,
    revs,
    sha,
    states,
)
from villages.ground import clock
from villages.ground.ids import new_id
from villages.ground.settings import Settings
from villages.models import Change, Person


@pytest.fixture
async def house(district: Settings) -> AsyncIterator[House]:
    async with open_house(district) as opened:
        yield opened


@pytest.fixture
async def li(house: House) -> Someone:
    return await house.person("li", ("inspector", QINGSHUI))


async def stored(house: House, by: Someone, data: bytes, home: str = VILLAGE) -> str:
    await house.expect(by, data, home=home)
    assert (await house.post(by.session, data, data)).status_code == 201
    return sha(data)


async def prove(data: bytes, unit: str) -> None:
    """A task of this unit that the photo is on."""
    photo = await Photo.get(sha256=sha(data))
    now = clock.now()
    task = await Task.create(
        id=new_id(), number="1", village=VILLAGE, inspection=new_id(), finding=new_id(), item="RE-1.1", unit=unit,
        stage="dispatched", severity="minor", days=3, place="x", text="x", dispatched_at=now,
        deadline=now + timedelta(days=3), moved_rev=1, moved_rank=1, home=VILLAGE, town=VILLAGE[:9], rev=1,
    )  # fmt: skip
    await TaskPhoto.create(task_id=task.id, photo=photo.id, sha256=photo.sha256, role="before")


async def test_missing_says_have_it_only_of_what_one_sent_or_may_see(house: House, li: Someone) -> None:
    mine, theirs, unknown = picture(1), picture(2), "0" * 64
    far = await house.person("zhao", ("inspector", ZHAITANG))
    await stored(house, li, mine)
    await stored(house, far, theirs, FAR_VILLAGE)
    hashes = [sha(mine), sha(theirs), unknown, "rubbish"]
    assert (await house.missing(li.session, *hashes))["missing"] == hashes[1:]
    assert (await house.missing(far.session, *hashes))["missing"] == [hashes[0], *hashes[2:]]
    office = await house.person("office", ("district_office", DISTRICT))
    assert (await house.missing(office.session, *hashes))["missing"] == hashes[2:]
    assert (await house.missing(li.deposit, *hashes))["missing"] == hashes[1:]
    await Person.filter(id=li.id).update(disabled=True)
    assert (await house.missing(li.session, *hashes))["missing"] == hashes[1:], "sent by this person"


async def test_progress_of_an_upload_is_told_only_to_those_it_concerns(house: House, li: Someone) -> None:
    data = picture()
    far = await house.person("zhao", ("inspector", ZHAITANG))
    await house.expect(li, data)
    await house.post(li.session, data)
    await house.patch(li.session, sha(data), 0, data[:77])
    assert (await house.missing(li.session, sha(data)))["partial"] == {sha(data): 77}
    assert (await house.missing(far.session, sha(data)))["partial"] == {}


async def test_missing_has_limits(house: House, li: Someone) -> None:
    full = [f"{n:064x}" for n in range(500)]
    assert (await house.missing(li.session, *full))["missing"] == full
    for body in ({"sha256": [*full, "0" * 64]}, {"sha256": ["f" * 70_000]}):
        answer = await house.http.post("/api/blobs/missing", headers=li.session, json=body)
        assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    for odd in (b"{", b"[]", b'{"sha256":"x"}', b'{"sha256":[1]}', b"\xff"):
        answer = await house.http.post("/api/blobs/missing", headers=li.session, content=odd)
        told = (400, "bad_json") if odd in (b"{", b"\xff") else (422, "invalid")
        assert (answer.status_code, answer.json()["error"]) == told, odd
    assert (await house.http.post("/api/blobs/missing", json={"sha256": []})).status_code == 401


async def test_a_photo_is_shown_to_whoever_holds_its_scope(house: House, li: Someone) -> None:
    data = picture()
    name = await stored(house, li, data)
    inside = [
        await house.person("town", ("town_operator", QINGSHUI)),
        await house.person("village", ("village_committee", VILLAGE)),
        await house.person("office", ("district_office", DISTRICT)),
    ]
    for someone in (li, *inside):
        for by in (someone.session, someone.desk):
            answer = await house.get(by, name)
            assert (answer.status_code, answer.content) == (200, data)
            assert answer.headers["content-type"] == "image/jpeg"
            assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "x-xuncun-preview" not in answer.headers
    tag = answer.headers["etag"]
    assert (await house.get(li.session | {"If-None-Match": tag}, name)).status_code == 304


async def test_a_photo_does_not_exist_for_anybody_else(house: House, li: Someone) -> None:
    data = picture()
    name = await stored(house, li, data)
    outside = [
        await house.person("zhao", ("inspector", ZHAITANG)),
        await house.person("neighbour", ("village_committee", VILLAGE[:-3] + "211")),
        await house.person("water", ("line_department", f"{DISTRICT}-d01")),
        await house.person("nobody"),
    ]
    for someone in outside:
        for query in ({}, {"w": "480"}):
            answer = await house.get(someone.session, name, **query)
            assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
    assert (await house.get({}, name)).status_code == 401
    assert (await house.get(li.deposit, name)).json()["error"] == "deposit_only"
    assert (await house.get(li.session, "0" * 64)).status_code == 404
    assert (await house.get(li.session, "..%2f..%2fxuncun.db")).status_code == 404
    await Person.filter(id=li.id).update(disabled=True)
    assert (await house.get(li.session, name)).status_code == 401


async def test_a_department_sees_the_photos_of_its_own_tasks(house: House, li: Someone) -> None:
    ours, others = picture(1), picture(2)
    for data in (ours, others):
        await stored(house, li, data)
    water = await house.person("water", ("line_department", f"{DISTRICT}-d01"))
    await prove(ours, f"{DISTRICT}-d01")
    await prove(others, f"{DISTRICT}-d02")
    assert (await house.get(water.session, sha(ours))).status_code == 200
    assert (await house.get(water.session, sha(others))).status_code == 404
    assert (await house.missing(water.session, sha(ours), sha(others)))["missing"] == [sha(others)]


async def test_who_announced_but_lost_the_place_may_send_and_not_look(house: House, li: Someone) -> None:
    data = picture()
    far = await house.person("zhao", ("inspector", ZHAITANG))
    await house.expect(far, data)  # home lies outside what they hold now
    assert (await house.post(far.session, data, data)).status_code == 201
    assert (await house.get(far.session, sha(data))).status_code == 404


async def test_smaller_copies(house: House, li: Someone) -> None:
    data = picture(1, (800, 600))
    name = await stored(house, li, data)
    for width in photos.WIDTHS:
        for _ in range(2):
            answer = await house.get(li.session, name, w=str(width))
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
            with Image.open(io.BytesIO(answer.content)) as image:
                assert image.size == (min(width, 800), min(width, 800) * 3 // 4)
        assert house.blobs.thumb_path(name, width).exists()
    for odd in ("0", "481", "-1", "9999999", "x", "٣٢٠", "480 "):
        answer = await house.get(li.session, name, w=odd)
        assert (answer.status_code, answer.json()["error"]) == (422, "invalid"), odd


async def test_a_photo_taken_upright_stands_upright_in_small_and_tells_no_place(
    house: House, li: Someone
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "camera of somebody"
    for kind in ("JPEG", "PNG", "WEBP"):
        data = picture(5, (800, 400), kind, exif=exif)
        name = await stored(house, li, data)
        full, small = await house.get(li.session, name), await house.get(li.session, name, w="160")
        assert full.headers["content-type"] == f"image/{kind.lower()}"
        with Image.open(io.BytesIO(small.content)) as image:
            assert (image.format, image.size) == ("JPEG", (160, 320))
            assert not image.getexif()


async def test_a_photo_whose_pixels_cannot_be_read_is_shown_as_it_came(house: House, li: Someone) -> None:
    data = bytearray(picture(6, (400, 300), "PNG"))
    data[data.index(b"IDAT") + 40] ^= 0xFF
    name = await stored(house, li, bytes(data))
    answer = await house.get(li.session, name, w="160")
    assert (answer.status_code, answer.content) == (200, bytes(data))


async def preview(house: House, by: dict[str, str], name: str, body: bytes) -> int:
    answer = await house.http.put(f"/api/blobs/{name}/preview", headers=by, content=body)
    return int(answer.status_code)


async def test_a_preview_runs_ahead_and_is_never_evidence(house: House, li: Someone) -> None:
    data, small = picture(1, (800, 600)), picture(2, (160, 120))
    await house.expect(li, data)
    assert (await house.get(li.session, sha(data))).status_code == 404
    assert await preview(house, li.deposit, sha(data), small) == 204
    photo = await Photo.get(sha256=sha(data))
    line = await Change.all().order_by("-rev").first()
    assert line is not None
    assert (photo.has_preview, photo.state, photo.rev, line.verb) == (
        True,
        "expected",
        line.rev,
        "photo.preview",
    )
    before = await revs()
    assert await preview(house, li.session, sha(data), small) == 204
    assert await preview(house, li.session, sha(data), picture(3, (160, 120))) == 204
    assert await revs() == before, "a repeat changes nothing and takes no number"
    for query in ({}, {"w": "480"}):
        shown = await house.get(li.session, sha(data), **query)
        assert (shown.content, shown.headers["x-xuncun-preview"]) == (small, "1")
        assert "immutable" not in shown.headers["cache-control"]
    assert (await house.missing(li.session, sha(data)))["missing"] == [sha(data)]
    await house.post(li.session, data, data)
    shown = await house.get(li.session, sha(data))
    assert shown.content == data
    assert "x-xuncun-preview" not in shown.headers


async def test_a_preview_after_the_original_is_left_out(house: House, li: Someone) -> None:
    data = picture()
    name = await stored(house, li, data)
    before = await revs()
    assert await preview(house, li.session, name, picture(2)) == 204
    assert (await revs(), house.blobs.preview_path(name).exists()) == (before, False)


async def test_a_second_record_of_the_same_bytes_knows_of_the_preview(house: House, li: Someone) -> None:
    data = picture()
    await house.expect(li, data)
    await preview(house, li.session, sha(data), picture(2))
    await house.expect(li, data)
    assert await Photo.filter(sha256=sha(data)).values_list("has_preview", flat=True) == [True, True]


async def test_previews_have_limits(house: House, li: Someone) -> None:
    data = picture()
    await house.expect(li, data)
    stranger = await house.person("zhao", ("inspector", ZHAITANG))
    wrong = {
        "no picture": (b"GIF89a", 422),
        "png": (picture(1, kind="PNG"), 422),
        "long": (picture(1, (321, 10)), 422),
        "cut": (picture(1)[:-50], 422),
        "heavy": (picture(1, (300, 300), quality=95), 413),
    }
    for what, (body, status) in wrong.items():
        assert await preview(house, li.session, sha(data), body) == status, what
    assert len(wrong["heavy"][0]) > 24 * 1024
    assert await preview(house, stranger.session, sha(data), picture(2)) == 404
    assert await preview(house, li.session, "0" * 64, picture(2)) == 404
    assert await preview(house, {}, sha(data), picture(2)) == 401
    assert not house.blobs.preview_path(sha(data)).exists()
    assert await states(data) == ["expected"]
