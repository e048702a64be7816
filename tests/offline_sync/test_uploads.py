"""Photo bytes over tus, by the book and against it."""

import asyncio
import hashlib
import os
import shutil
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from inspections import evidence
from inspections.models import Photo
from offline_sync import arrivals, upload_body
from offline_sync.models import Upload
from tests.offline_sync.photo_house import (
    FAR_VILLAGE,
    QINGSHUI,
    TUS,
    VILLAGE,
    ZHAITANG,
    House,
    Someone,
    announce,
    b64,
    creation,
    open_house,
    photo_in,
    picture,
    revs,
    sha,
    states,
    torn,
)
from villages.ground import clock
from villages.ground.blobs import Partial
from villages.ground.database import open_database
from villages.ground.settings import Settings
from villages.models import Change, Person


@pytest.fixture
async def house(district: Settings) -> AsyncIterator[House]:
    async with open_house(district) as opened:
        yield opened


@pytest.fixture
async def li(house: House) -> Someone:
    """李检查员: inspects the villages of 清水镇."""
    return await house.person("li", ("inspector", QINGSHUI))


async def test_options_tell_what_is_spoken_to_anybody(house: House) -> None:
    answer = await house.http.options("/api/tus")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation", "creation-with-upload", "checksum", "expiration"
    }  # fmt: skip
    assert answer.headers["tus-max-size"] == str(15 * 1024 * 1024)
    assert set(answer.headers["tus-checksum-algorithm"].split(",")) == {"sha1", "sha256", "md5"}


async def test_a_photo_in_one_breath(house: House, li: Someone) -> None:
    data = picture()
    assert await house.expect(li, data) == [sha(data)]
    answer = await house.post(li.session, data, data)
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(data)))
    assert answer.headers["location"] == f"/api/tus/{sha(data)}"
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert house.blobs.path(sha(data)).read_bytes() == data
    photo = await Photo.get(sha256=sha(data))
    line = await Change.all().order_by("-rev").first()
    assert line is not None
    assert (photo.state, photo.rev) == ("stored", line.rev)
    assert (line.verb, line.subject_id, line.home, line.to_stage) == (
        "photo.stored",
        str(photo.id),
        VILLAGE,
        "stored",
    )
    assert (line.person, line.post) == (li.id, "inspector")
    assert photo.stored_at is not None


async def test_a_photo_in_pieces(house: House, li: Someone) -> None:
    data = picture()
    await house.expect(li, data)
    begun = await house.post(li.session, data)
    assert (begun.status_code, begun.headers["upload-offset"]) == (201, "0")
    assert begun.headers["upload-expires"].endswith("GMT")
    half = len(data) // 2
    first = await house.patch(li.session, sha(data), 0, data[:half])
    assert (first.status_code, first.headers["upload-offset"]) == (204, str(half))
    asked = await house.head(li.session, sha(data))
    assert (asked.headers["upload-offset"], asked.headers["upload-length"]) == (str(half), str(len(data)))
    assert asked.headers["cache-control"] == "no-store"
    assert await states(data) == ["expected"]
    assert (await house.missing(li.session, sha(data))) == {
        "missing": [sha(data)],
        "partial": {sha(data): half},
    }
    last = await house.patch(li.session, sha(data), half, data[half:])
    assert (last.status_code, last.headers["upload-offset"]) == (204, str(len(data)))
    assert await states(data) == ["stored"]
    assert await Upload.all().count() == 0
    asked = await house.head(li.session, sha(data))
    assert (asked.status_code, asked.headers["upload-offset"]) == (200, str(len(data)))
    assert (await house.missing(li.session, sha(data))) == {"missing": [], "partial": {}}


async def test_stored_bytes_are_not_sent_twice_and_take_no_number(house: House, li: Someone) -> None:
    data = picture()
    await house.expect(li, data)
    await house.post(li.session, data, data)
    before = await revs()
    again = await house.post(li.session, data)
    assert (again.status_code, again.headers["upload-offset"]) == (201, str(len(data)))
    late = await house.patch(li.session, sha(data), 10, data[10:])
    assert (late.status_code, late.headers["upload-offset"]) == (409, str(len(data)))
    empty = await house.patch(li.session, sha(data), len(data), b"")
    assert empty.status_code == 204
    assert await revs() == before


async def test_offset_mismatch_tells_the_offset(house: House, li: Someone) -> None:
    data = picture()
    await house.expect(li, data)
    await house.post(li.session, data)
    await house.patch(li.session, sha(data), 0, data[:100])
    for wrong in (0, 99, 101, len(data)):
        answer = await house.patch(li.session, sha(data), wrong, data[wrong : wrong + 5])
        assert (answer.status_code, answer.headers["upload-offset"]) == (409, "100")
        assert answer.json()["error"] == "upload_offset"
    assert house.blobs.partial_path(sha(data)).read_bytes() == data[:100]


async def test_chunk_checksums(house: House, li: Someone) -> None:
    data = picture()
    await house.expect(li, data)
    await house.post(li.session, data)
    at = 0
    for name in ("sha1", "sha256", "md5"):
        piece = data[at : at + 200]
        good = f"{name} {b64(hashlib.new(name, piece).digest())}"
        bad = await house.patch(li.session, sha(data), at, piece[:-1] + b"?", **{"Upload-Checksum": good})
        assert (bad.status_code, bad.json()["error"]) == (460, "checksum")
        assert (await house.head(li.session, sha(data))).headers["upload-offset"] == str(at)
        right = await house.patch(li.session, sha(data), at, piece, **{"Upload-Checksum": good})
        at += 200
        assert (right.status_code, right.headers["upload-offset"]) == (204, str(at))
    for odd in ("crc32 AAAA", "sha1 ***", "sha1"):
        answer = await house.patch(li.session, sha(data), at, b"x", **{"Upload-Checksum": odd})
        assert answer.status_code in (400, 460), odd
    assert (await house.head(li.session, sha(data))).headers["upload-offset"] == str(at)


@pytest.mark.parametrize("kind", ["one breath", "pieces"])
async def test_a_lying_hash_goes_back_to_nothing(house: House, li: Someone, kind: str) -> None:
    data = picture()
    lie = data[:-3] + b"\x00\xff\xd9"
    assert lie != data and len(lie) == len(data)
    await house.expect(li, data)
    if kind == "one breath":
        answer = await house.post(li.session, data, lie)
    else:
        await house.post(li.session, data)
        await house.patch(li.session, sha(data), 0, lie[:50])
        answer = await house.patch(li.session, sha(data), 50, lie[50:])
    assert (answer.status_code, answer.json()["error"]) == (460, "checksum")
    assert await states(data) == ["expected"]
    assert house.blobs.standing(sha(data)).where == "absent"
    assert (await house.post(li.session, data, data)).status_code == 201
    assert await states(data) == ["stored"]


NO_PHOTOS = {
    "text": b"<html>not a photo, whatever it says</html>",
    "heic": b"\x00\x00\x00\x18ftypheic" + b"\0" * 200,
    "cut": picture(3)[:-200],
    "bomb": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (60000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00",
}
NO_PHOTOS["bomb"] += zlib.crc32(NO_PHOTOS["bomb"][12:29]).to_bytes(4, "big")
NO_PHOTOS["bomb"] += b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xaeB\x60\x82"


@pytest.mark.parametrize(
    ("what", "code", "words"),
    [
        ("text", "not_a_photo", "网页"),
        ("heic", "not_a_photo", "HEIC"),
        ("cut", "photo_broken", "缺少结尾"),
        ("bomb", "photo_too_many_pixels", "360000 万像素"),
    ],
)
async def test_what_is_no_photo_is_kept_aside_and_said_again(
    house: House, li: Someone, what: str, code: str, words: str
) -> None:
    data = NO_PHOTOS[what]
    await house.expect(li, data)
    answers = [await house.post(li.session, data, data)]
    after_first = await revs()
    answers += [await house.post(li.session, data), await house.post(li.session, data, data)]
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]) == (415, code)
        assert words in answer.json()["message"]
    assert (await house.head(li.session, sha(data))).status_code == 415
    photo = await Photo.get(sha256=sha(data))
    assert (photo.state, photo.fault) == ("expected", code)
    assert await revs() == after_first == photo.rev
    assert house.blobs.refused_path(sha(data)).read_bytes() == data
    assert sha(data) in (await house.missing(li.session, sha(data)))["missing"]
    assert (await house.get(li.session, sha(data))).status_code == 404


async def test_refused_bytes_that_a_later_check_takes_need_not_be_sent_again(
    house: House, li: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = picture()
    await house.expect(li, data)
    real = arrivals.check_picture

    def strict(path: Path) -> Any:
        raise arrivals.Problem("not_a_photo", found="旧规则")

    monkeypatch.setattr(arrivals, "check_picture", strict)
    assert (await house.post(li.session, data, data)).status_code == 415
    monkeypatch.setattr(arrivals, "check_picture", real)
    answer = await house.post(li.session, data)
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(data)))
    photo = await Photo.get(sha256=sha(data))
    assert (photo.state, photo.fault) == ("stored", "")


async def test_too_large_is_said_before_a_byte_is_read(house: House, li: Someone) -> None:
    data = picture()
    await house.expect(li, data)
    answer = await house.http.post("/api/tus", headers=creation(data, 20_000_000) | li.session)
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    assert "15 MB" in answer.json()["message"]
    await house.post(li.session, data)
    read = 0

    async def twenty_megabytes() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(20):
            read += 1_000_000
            yield bytes(1_000_000)

    declared = await house.patch(
        li.session, sha(data), 0, twenty_megabytes(), **{"Content-Length": "20000000"}
    )
    assert (declared.status_code, read) == (413, 0)
    streamed = await house.patch(li.session, sha(data), 0, twenty_megabytes())
    assert (streamed.status_code, streamed.json()["error"]) == (413, "too_large")
    assert read <= 2_000_000
    assert house.blobs.standing(sha(data)).size == 0


async def test_only_announced_photos_from_those_who_announced_or_may_see(house: House, li: Someone) -> None:
    data = picture()
    assert (await house.post(li.session, data, data)).json()["error"] == "unexpected_photo"
    await house.expect(li, data)
    partner = await house.person("wang", ("inspector", VILLAGE))
    stranger = await house.person("zhao", ("inspector", ZHAITANG))
    for answer in (
        await house.post(stranger.session, data, data),
        await house.patch(stranger.session, sha(data), 0, data),
        await house.head(stranger.session, sha(data)),
        await house.patch(li.session, "../../etc/passwd", 0, data),
        await house.patch(li.session, sha(data).upper(), 0, data),
    ):
        assert answer.status_code == 404
    assert (await house.post({}, data, data)).status_code == 401
    assert (await house.post(partner.session, data, data)).status_code == 201
    assert await states(data) == ["stored"]


async def test_deposit_tokens_and_disabled_people_hand_in_what_they_announced(
    house: House, li: Someone
) -> None:
    one, two = picture(1), picture(2)
    await house.expect(li, one, two)
    assert (await house.post(li.deposit, one, one)).status_code == 201
    await Person.filter(id=li.id).update(disabled=True)
    assert (await house.post(li.session, two, two)).status_code == 201
    assert await states(one) == await states(two) == ["stored"]
    unannounced = picture(3)
    wang = await house.person("wang", ("inspector", QINGSHUI))
    await house.expect(wang, unannounced)
    assert (await house.post(li.deposit, unannounced, unannounced)).status_code == 404


async def test_protocol_slips_are_named(house: House, li: Someone) -> None:
    data = picture()
    await house.expect(li, data)
    url = f"/api/tus/{sha(data)}"
    old = await house.http.post("/api/tus", headers=creation(data) | li.session | {"Tus-Resumable": "0.2.2"})
    assert (old.status_code, old.headers["tus-version"], old.headers["tus-resumable"]) == (
        412,
        "1.0.0",
        "1.0.0",
    )
    assert (await house.http.head(url, headers=li.session)).status_code == 412
    for odd in (
        {"Upload-Length": "-1"}, {"Upload-Length": "x"}, {"Upload-Length": "０"}, {"Upload-Length": "0"},
        {"Upload-Metadata": ""}, {"Upload-Metadata": "sha256 ***"}, {"Upload-Metadata": "sha256 " + b64(b"short")},
    ):  # fmt: skip
        headers = {key: value.encode() for key, value in (creation(data) | li.session | odd).items()}
        answer = await house.http.post("/api/tus", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "upload_headers"), odd
    await house.post(li.session, data)
    plain = await house.patch(li.session, sha(data), 0, b"x", **{"Content-Type": "image/jpeg"})
    assert (plain.status_code, plain.json()["error"]) == (415, "upload_type")
    assert plain.headers["tus-resumable"] == "1.0.0"
    headers = TUS | li.session | {"Content-Type": "application/offset+octet-stream"}
    assert (await house.http.patch(url, headers=headers, content=b"x")).status_code == 400
    headers |= {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    overridden = await house.http.post(url, headers=headers, content=data)
    assert (overridden.status_code, await states(data)) == (204, ["stored"])
    assert (await house.http.post(url, headers=TUS | li.session)).status_code == 405


async def slow(data: bytes, go_on: asyncio.Event, begun: asyncio.Event) -> AsyncIterator[bytes]:
    """A body that stops in the middle until it is told to go on."""
    yield data[: len(data) // 2]
    begun.set()
    await go_on.wait()
    yield data[len(data) // 2 :]


async def test_two_patches_at_once(house: House, li: Someone) -> None:
    data = picture()
    await house.expect(li, data)
    await house.post(li.session, data)
    go_on, begun = asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(house.patch(li.session, sha(data), 0, slow(data, go_on, begun)))
    await begun.wait()
    second = await house.patch(li.session, sha(data), 0, data)
    third = await house.post(li.session, data, data)
    assert {second.status_code, third.status_code} == {423}
    assert second.json()["error"] == "upload_busy"
    go_on.set()
    assert (await first).status_code == 204
    assert house.blobs.path(sha(data)).read_bytes() == data


async def test_a_link_that_fell_silent_gives_the_photo_back(
    house: House, li: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_body, "IDLE_SECONDS", 0.1)
    data = picture()
    await house.expect(li, data)
    await house.post(li.session, data)
    dead = await house.patch(li.session, sha(data), 0, slow(data, asyncio.Event(), asyncio.Event()))
    half = str(len(data) // 2)
    assert (dead.status_code, dead.headers["upload-offset"]) == (408, half)
    assert (await house.head(li.session, sha(data))).headers["upload-offset"] == half
    rest = await house.patch(li.session, sha(data), len(data) // 2, data[len(data) // 2 :])
    assert (rest.status_code, await states(data)) == (204, ["stored"])


async def test_a_cancelled_request_leaves_whole_pieces_and_no_lock(house: House, li: Someone) -> None:
    data = picture(size=(640, 480), quality=95)
    assert len(data) > upload_body.PIECE
    await house.expect(li, data)
    await house.post(li.session, data)

    async def endless() -> AsyncIterator[bytes]:
        yield data[: upload_body.PIECE]
        await asyncio.Event().wait()

    doomed = asyncio.create_task(house.patch(li.session, sha(data), 0, endless()))
    while house.blobs.standing(sha(data)).size < upload_body.PIECE:
        await asyncio.sleep(0.005)
    doomed.cancel()
    await asyncio.gather(doomed, return_exceptions=True)
    at = int((await house.head(li.session, sha(data))).headers["upload-offset"])
    assert at == upload_body.PIECE
    assert (await house.patch(li.session, sha(data), at, data[at:])).status_code == 204
    assert house.blobs.path(sha(data)).read_bytes() == data


async def test_creation_with_bytes_goes_on_where_pieces_lie(house: House, li: Someone) -> None:
    """A tablet that forgot its URL begins anew; what is here is passed over, not written twice."""
    data = picture()
    await house.expect(li, data)
    await house.post(li.session, data)
    await house.patch(li.session, sha(data), 0, data[:300])
    bare = await house.post(li.session, data)
    assert (bare.status_code, bare.headers["upload-offset"]) == (201, "300")
    short = await house.post(li.session, data, data[:200])
    assert (short.status_code, short.headers["upload-offset"]) == (201, "300")
    whole = await house.post(li.session, data, data)
    assert (whole.status_code, await states(data)) == (201, ["stored"])
    assert house.blobs.path(sha(data)).read_bytes() == data


async def test_two_photos_with_the_same_bytes(house: House, li: Someone) -> None:
    data = picture()
    far = await house.person("zhao", ("inspector", ZHAITANG))
    await house.expect(li, data, data)
    await house.expect(far, data, home=FAR_VILLAGE)
    assert await states(data) == ["expected"] * 3
    await house.post(li.session, data, data)
    assert await states(data) == ["stored"] * 3
    assert len({photo.rev for photo in await Photo.filter(sha256=sha(data))}) == 1
    assert await house.expect(li, data) == []
    assert await states(data) == ["stored"] * 4


async def test_a_crash_between_name_and_change_is_mended_by_the_next_question(
    house: House, li: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, ask in enumerate(("head", "post", "patch", "missing")):
        data = picture(number)
        await house.expect(li, data)
        await house.post(li.session, data)

        async def dies(*_: object, **__: object) -> int:
            raise RuntimeError("the lights went out")

        with monkeypatch.context() as patched:
            patched.setattr(evidence, "mark_stored", dies)
            died = await house.patch(li.session, sha(data), 0, data)
        assert (died.status_code, died.headers["tus-resumable"]) == (500, "1.0.0")
        assert house.blobs.path(sha(data)).read_bytes() == data
        assert await states(data) == ["expected"]
        if ask == "head":
            assert (await house.head(li.session, sha(data))).headers["upload-offset"] == str(len(data))
        elif ask == "post":
            assert (await house.post(li.session, data)).headers["upload-offset"] == str(len(data))
        elif ask == "patch":
            assert (await house.patch(li.session, sha(data), 5, data[5:])).status_code == 409
        else:
            assert (await house.missing(li.session, sha(data)))["missing"] == []
        assert await states(data) == ["stored"], ask


async def test_a_crash_before_the_verdict_is_mended_by_the_next_question(
    house: House, li: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every byte is here, nobody judged them: an offset of "all" must not be told before they are kept."""
    for number, ask in enumerate(("head", "post", "patch", "missing")):
        data = picture(number)
        await house.expect(li, data)
        await house.post(li.session, data)

        def dies(_: Partial) -> bool:
            raise RuntimeError("the lights went out")

        with monkeypatch.context() as patched:
            patched.setattr(Partial, "matches", dies)
            assert (await house.patch(li.session, sha(data), 0, data)).status_code == 500
        assert house.blobs.standing(sha(data)) == ("partial", len(data))
        if ask == "head":
            assert (await house.head(li.session, sha(data))).headers["upload-offset"] == str(len(data))
        elif ask == "post":
            assert (await house.post(li.session, data)).headers["upload-offset"] == str(len(data))
        elif ask == "patch":
            assert (await house.patch(li.session, sha(data), 5, data[5:])).status_code == 409
        else:
            assert (await house.missing(li.session, sha(data)))["missing"] == []
        assert await states(data) == ["stored"], ask
        assert house.blobs.path(sha(data)).read_bytes() == data


async def test_a_crash_before_the_first_byte_leaves_no_lie(house: House, li: Someone) -> None:
    """The name was made, nothing written, no upload noted: that is an upload that never began, not a wrong photo."""
    data = picture()
    await house.expect(li, data)
    house.blobs.partial_path(sha(data)).touch()
    assert (await house.head(li.session, sha(data))).status_code == 410
    assert (await house.patch(li.session, sha(data), 0, data)).status_code == 410
    assert (await house.post(li.session, data, data)).status_code == 201
    assert await states(data) == ["stored"]


async def test_stored_by_the_book_but_gone_from_the_shelf_is_asked_for_again(
    house: House, li: Someone
) -> None:
    """After a restore the database may know more than the folder holds: the bytes on disk are the truth."""
    data = picture()
    await house.expect(li, data)
    await house.post(li.session, data, data)
    house.blobs.path(sha(data)).unlink()
    assert (await house.missing(li.session, sha(data)))["missing"] == [sha(data)]
    assert (await house.post(li.session, data, data)).status_code == 201
    assert house.blobs.path(sha(data)).read_bytes() == data


async def test_pieces_expire_after_a_fortnight(house: House, li: Someone) -> None:
    old, busy, young, orphan = (picture(n) for n in range(4))
    await house.expect(li, old, busy, young, orphan)
    for data in (old, busy, young):
        await house.post(li.session, data)
        await house.patch(li.session, sha(data), 0, data[:100])
    lone = house.blobs.partial(sha(orphan))
    lone.append(orphan[:10])
    lone.close()
    fresh_orphan = house.blobs.partial(
        "f" * 64
    )  # its first piece came a moment ago, its row comes with the next
    fresh_orphan.append(b"young")
    fresh_orphan.close()
    long_ago = clock.now() - timedelta(days=15)
    os.utime(house.blobs.partial_path(sha(orphan)), (long_ago.timestamp(),) * 2)
    await Upload.filter(sha256__in=[sha(old), sha(busy)]).update(expires=clock.now() - timedelta(seconds=1))
    gone = await house.head(li.session, sha(old))
    assert gone.status_code == 410
    assert (await house.patch(li.session, sha(old), 100, old[100:])).json()["error"] == "upload_gone"
    held = house.blobs.partial(sha(busy))
    assert await arrivals.clean_expired(house.blobs) == 2
    held.close()
    standing = {name: house.blobs.standing(sha(d)).size for name, d in
                {"old": old, "busy": busy, "young": young, "orphan": orphan}.items()}  # fmt: skip
    assert standing == {"old": 0, "busy": 100, "young": 100, "orphan": 0}
    assert house.blobs.standing("f" * 64).size == 5
    assert sorted(await Upload.all().values_list("sha256", flat=True)) == sorted([sha(busy), sha(young)])
    assert (await house.head(li.session, sha(old))).status_code == 410
    assert (await house.post(li.session, old, old)).status_code == 201
    assert await states(old) == ["stored"]


async def test_a_full_disk_is_said_and_nothing_counted_twice(
    house: House, li: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = picture()
    await house.expect(li, data)
    await house.post(li.session, data)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Partial, "append", full)
        answer = await house.patch(li.session, sha(data), 0, data)
    assert (answer.status_code, answer.json()["error"]) == (507, "disk_full")
    assert (await house.patch(li.session, sha(data), 0, data)).status_code == 204


@given(data=st.data())
@hypothesis_settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_cut_and_resume_gives_identical_bytes(sqlite_template: Path, data: st.DataObject) -> None:
    """I15: whatever breaks off where, resuming at the told offset ends with the very bytes, stored."""
    with TemporaryDirectory() as folder:
        shutil.copy(sqlite_template, Path(folder) / "xuncun.db")
        asyncio.run(_cut_and_resume(Settings(Path(folder)), data))


async def _cut_and_resume(settings: Settings, data: st.DataObject) -> None:
    sent = picture(7, (200, 150), quality=90)
    async with open_database(settings), open_house(settings) as house:
        li = await house.person("li", ("inspector", QINGSHUI))
        await announce(li.id, [photo_in(sent)], VILLAGE)
        await house.post(li.session, sent)
        for _ in range(8):
            offset = int((await house.head(li.session, sha(sent))).headers["upload-offset"])
            stop = data.draw(st.integers(offset, len(sent)), label="cut at")
            packet = data.draw(st.integers(1, 30_000), label="packet")
            anew = data.draw(st.booleans(), label="a new creation instead of a patch")
            start = 0 if anew else offset
            chunks = [sent[at : min(at + packet, stop)] for at in range(start, stop, packet)]
            typed = {"Content-Type": "application/offset+octet-stream"}
            if anew:
                await torn(house.app, "POST", "/api/tus", creation(sent) | li.session | typed, chunks)
            else:
                headers = TUS | li.session | typed | {"Upload-Offset": str(offset)}
                await torn(house.app, "PATCH", f"/api/tus/{sha(sent)}", headers, chunks)
            told = int((await house.head(li.session, sha(sent))).headers["upload-offset"])
            assert told == stop, "what arrived counts, to the byte"
            if told == len(sent):
                break
        else:
            assert (await house.patch(li.session, sha(sent), told, sent[told:])).status_code == 204
        assert house.blobs.path(sha(sent)).read_bytes() == sent
        assert await states(sent) == ["stored"]
