"""Slots for photos, and telling a photo from what only says it is one."""

import io
import struct
import zlib
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from inspections.evidence import expect_photos, mark_refused, mark_stored, waive
from inspections.models import Photo
from inspections.pictures import check_bytes, check_picture, thumbnail
from tests.offline_sync.photo_house import DISTRICT, VILLAGE, announce, photo_in, picture, revs, sha
from villages.changes import SYSTEM, Line, change
from villages.ground.ids import new_id
from villages.ground.problems import Problem
from villages.ground.settings import Settings
from villages.models import Person


async def test_slots_open_once(any_district: Settings) -> None:
    person, data = new_id(), [picture(n) for n in range(12)]
    told = [photo_in(d) for d in data]
    assert await announce(person, told, VILLAGE) == [sha(d) for d in data]
    first = await Photo.all().order_by("id").values()
    assert await announce(new_id(), [*told, told[0]], VILLAGE[:9] + "201") == [sha(d) for d in data]
    assert await Photo.all().order_by("id").values() == first, "a slot that is there stays as it is"
    photo = await Photo.get(id=told[0].id)
    assert (photo.state, photo.home, photo.town, photo.person) == ("expected", VILLAGE, VILLAGE[:9], person)
    assert (photo.size, photo.taken_at) == (len(data[0]), told[0].taken_at)
    assert await announce(person, [], VILLAGE) == []


async def test_a_dozen_slots_cost_two_statements(district: Settings) -> None:
    counted: list[int] = []

    async def work(line: Line) -> None:
        asked = 0
        for name in ("execute_query_dict", "execute_many", "execute_query", "execute_insert"):
            real = getattr(line.client, name)

            async def counting(*args: object, _real: object = real, **more: object) -> object:
                nonlocal asked
                asked += 1
                return await _real(*args, **more)  # type: ignore[operator]

            setattr(line.client, name, counting)
        await expect_photos(line, [photo_in(picture(n)) for n in range(12)], home=VILLAGE, person=new_id())
        counted.append(asked)

    await change(work, district=DISTRICT, actor=SYSTEM, verb="test")
    assert counted[0] <= 3


async def test_one_id_for_two_pictures_keeps_both(any_district: Settings) -> None:
    one, two = picture(1), picture(2)
    slot = new_id()
    await announce(new_id(), [photo_in(one, id=slot)], VILLAGE)
    for _ in range(2):
        assert await announce(new_id(), [photo_in(two, id=slot)], VILLAGE) == [sha(two)]
    at_once = new_id()
    three, four = photo_in(picture(3), id=at_once), photo_in(picture(4), id=at_once)
    await announce(new_id(), [three, four], VILLAGE)
    assert sorted(await Photo.all().values_list("sha256", flat=True)) == sorted(
        sha(picture(n)) for n in (1, 2, 3, 4)
    )
    assert (await Photo.get(id=slot)).sha256 == sha(one)


async def test_stored_bytes_fill_a_new_slot_at_once(any_district: Settings) -> None:
    data = picture()
    await announce(new_id(), [photo_in(data)], VILLAGE)
    rev = await mark_stored(DISTRICT, sha(data))
    assert rev and await mark_stored(DISTRICT, sha(data)) == 0
    assert await announce(new_id(), [photo_in(data)], VILLAGE) == []
    assert {p.state for p in await Photo.filter(sha256=sha(data))} == {"stored"}
    assert all(p.stored_at for p in await Photo.filter(sha256=sha(data)))


async def test_figures_beyond_any_column_are_no_reason_to_refuse_evidence(any_district: Settings) -> None:
    odd = photo_in(picture(), size=10**15, width=10**12, mime="image/" + "x" * 200)
    assert await announce(new_id(), [odd], VILLAGE) == [odd.sha256]


async def test_a_photo_whose_village_is_not_known_lives_with_its_author(any_district: Settings) -> None:
    data, author = picture(), new_id()
    await Person.create(id=author, district=DISTRICT, name="li", title="li", password="x", rev=1)
    await announce(author, [photo_in(data)], f"u:{author}")
    photo = await Photo.get(sha256=sha(data))
    assert (photo.home, photo.town) == (f"u:{author}", "")
    assert await mark_stored(DISTRICT, sha(data))
    assert (await Photo.get(sha256=sha(data))).state == "stored"


async def test_another_districts_slots_wait_for_their_own_change(district: Settings) -> None:
    data = picture()
    await announce(new_id(), [photo_in(data)], VILLAGE)
    await Photo.create(
        id=new_id(),
        sha256=sha(data),
        size=1,
        mime="",
        person=new_id(),
        home="110115001201",
        town="110115001",
        rev=1,
    )
    await mark_stored(DISTRICT, sha(data))
    assert dict(await Photo.all().values_list("home", "state")) == {
        VILLAGE: "stored",
        "110115001201": "expected",
    }


async def test_a_fault_is_noted_once_and_ends_with_the_right_bytes(district: Settings) -> None:
    data = picture()
    await announce(new_id(), [photo_in(data)], VILLAGE)
    assert await mark_refused(DISTRICT, sha(data), "not_a_photo")
    before = await revs()
    assert await mark_refused(DISTRICT, sha(data), "not_a_photo") == 0
    assert await revs() == before
    await mark_stored(DISTRICT, sha(data))
    assert (await Photo.get(sha256=sha(data))).fault == ""
    assert await mark_refused(DISTRICT, sha(data), "not_a_photo") == 0, "stored stays stored"


async def test_waiving_needs_a_reason_and_late_bytes_are_still_taken(district: Settings) -> None:
    data = picture()
    told = photo_in(data)
    await announce(new_id(), [told], VILLAGE)

    async def go(photo: object, reason: str) -> Photo:
        async def work(line: Line) -> Photo:
            return await waive(line, photo, reason)  # type: ignore[arg-type]

        return await change(work, district=DISTRICT, actor=SYSTEM, verb="photo.waive")

    for photo, reason, code in ((told.id, "  ", "invalid"), (uuid4(), "平板损坏", "not_found")):
        with pytest.raises(Problem) as refused:
            await go(photo, reason)
        assert refused.value.code == code
    assert (await go(told.id, "平板损坏")).state == "waived"
    with pytest.raises(Problem):
        await go(told.id, "再来一次")
    assert await mark_stored(DISTRICT, sha(data))
    assert (await Photo.get(id=told.id)).state == "stored"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_photos_are_told_by_content(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "named.txt"
    for more in ({}, {"progressive": True}, {"lossless": True}):
        path.write_bytes(picture(1, (320, 200), kind, **more))
        facts = check_picture(path)
        assert (facts.kind, facts.width, facts.height) == (kind.lower(), 320, 200)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_cut_anywhere_is_broken(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "\xff\xd9 an end that is none"
    whole = picture(1, (120, 80), kind, exif=exif)
    if kind == "JPEG":  # an end inside the head, as a camera's own thumbnail has one
        whole = whole[:2] + b"\xff\xe5\x00\x06\xff\xd8\xff\xd9" + whole[2:]
    assert check_bytes(whole).width == 120
    for stop in [*range(20, len(whole) - 2, 97), len(whole) - 2]:
        with pytest.raises(Problem) as broken:
            check_bytes(whole[:stop])
        assert broken.value.code == "photo_broken", stop


def test_what_a_camera_appends_after_the_end_is_no_fault() -> None:
    assert check_bytes(picture() + b"\0" * 64 + b"MotionPhoto_Data" + bytes(5000)).kind == "jpeg"


def bomb(kind: str, side: int) -> bytes:
    """A file of a few bytes that claims side × side pixels."""
    if kind == "PNG":
        head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    if kind == "JPEG":
        small = picture(1, (16, 16))
        at = small.index(b"\xff\xc0") + 5
        return small[:at] + struct.pack(">HH", side, side) + small[at + 4 :]
    canvas = (side - 1).to_bytes(3, "little") * 2
    return b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + canvas


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_pixel_bombs_are_refused_without_being_opened(kind: str) -> None:
    with pytest.raises(Problem) as refused:
        check_bytes(bomb(kind, 60000))
    assert refused.value.code == "photo_too_many_pixels"
    assert "360000 万像素" in refused.value.sentence
    with pytest.raises(Problem) as refused:
        check_bytes(bomb(kind, 7072))  # 50.01 million
    assert refused.value.code == "photo_too_many_pixels"


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "空文件"), (b"\0\0\0\x18ftypheic", "HEIC"), (b"\0\0\0\x18ftypmp42", "视频"), (b"%PDF-1.7", "PDF"),
        (b"<svg onload=alert(1)>", "网页"), (b"GIF89a", "GIF"), (b"PK\x03\x04", "压缩包"), (b"\0" * 40, "无法识别"),
    ],
)  # fmt: skip
def test_what_is_no_photo_is_named(tmp_path: Path, head: bytes, words: str) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(head)
    with pytest.raises(Problem) as refused:
        check_picture(path)
    assert refused.value.code == "not_a_photo"
    assert words in refused.value.sentence


def test_a_check_reads_no_pixels(tmp_path: Path) -> None:
    """Pixels that no decoder could read do not matter to it: a dozen photos must not cost a dozen decodes."""
    path = tmp_path / "p"
    whole = picture(1, (1600, 1200), quality=60)
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + b"\xff\xc4\x00\x04\x00" * 40 + whole[middle + 200 :])
    assert check_picture(path).width == 1600
    with pytest.raises(OSError), Image.open(path) as image:
        image.load()


def test_a_small_copy_of_a_transparent_picture_is_white_below(tmp_path: Path) -> None:
    path = tmp_path / "p"
    Image.new("RGBA", (400, 200), (255, 0, 0, 0)).save(path, "PNG")
    with Image.open(io.BytesIO(thumbnail(path, 160))) as image:
        assert image.size == (160, 80)
        assert image.getpixel((5, 5)) == (255, 255, 255)
