"""Files that are no rescue, or were spoiled on purpose: each is refused by name, and what is whole is still taken in."""

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from offline_sync.models import Command
from offline_sync.rescue import archive as archives
from offline_sync.rescue.archive import Archive
from offline_sync.rescue.look import View, look_over
from offline_sync.rescue.waiting import folder_of, open_file, sweep
from tests.offline_sync.rescue.maker import Maker
from tests.offline_sync.rescue.test_import import sealed
from tests.offline_sync.tablet import Tablet
from villages.ground.problems import PROBLEMS, Problem


async def opened(app: Starlette, tmp_path: Path, data: bytes, passphrase: str = "") -> View:
    sha256, place = await open_file(io.BytesIO(data), tmp_path / "rescue", passphrase)
    with Archive(place) as archive:
        return await look_over(archive, app.state.blobs, sha256, None)


async def refusal(app: Starlette, tmp_path: Path, data: bytes, passphrase: str = "") -> str:
    with pytest.raises(Problem) as refused:
        await opened(app, tmp_path, data, passphrase)
    assert refused.value.sentence.endswith("。") and refused.value.code in PROBLEMS
    return refused.value.code


def swollen() -> bytes:
    """Two entries of one zip that both point at the same bytes: together they are larger than the file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("manifest.json", b"{}" + b" " * 100_000)
    whole = bytearray(out.getvalue())
    end = whole.rfind(b"PK\5\6")
    start = struct.unpack_from("<I", whole, end + 16)[0]
    entry = bytes(whole[start:end])
    struct.pack_into("<HHI", whole, end + 8, 4, 4, len(entry) * 4)
    return bytes(whole[:start]) + entry * 4 + bytes(whole[end:])


async def test_what_is_no_rescue(app: Starlette, tmp_path: Path, inspector: Tablet) -> None:
    maker = Maker(inspector)
    spoiled = {
        "text": (b"this is no zip", "rescue_unreadable"),
        "empty": (b"", "rescue_unreadable"),
        "cut": (maker.zip()[:-40], "rescue_unreadable"),
        "another zip": (named({"a.txt": b"x"}), "rescue_unreadable"),
        "no json": (named({"manifest.json": b"{"}), "rescue_unreadable"),
        "no manifest": (named({"manifest.json": b"[1]"}), "rescue_unreadable"),
        "bomb": (maker.zip(zipfile.ZIP_DEFLATED), "rescue_packed"),
        "entries over each other": (swollen(), "rescue_packed"),
        "climbing": (named({**maker.entries(), "../../etc/passwd": b"x"}), "rescue_path"),
        "from the root": (named({**maker.entries(), "/etc/passwd": b"x"}), "rescue_path"),
        "listed elsewhere": (Maker(inspector, told={"photos": [listed("secret.key")]}).zip(), "rescue_path"),
        "newer": (Maker(inspector, told={"format": 2}).zip(), "rescue_newer"),
        "another district": (Maker(inspector, told={"district": "110111"}).zip(), "rescue_district"),
        "nobody": (Maker(inspector, told={"person": {"id": "0193a000-0000-7000-8000-00000000000a"}}).zip(), "rescue_person"),
    }  # fmt: skip
    found = {name: await refusal(app, tmp_path, data) for name, (data, _) in spoiled.items()}
    assert found == {name: code for name, (_, code) in spoiled.items()}
    assert list((tmp_path / "rescue").glob("*.tmp")) == [], "nothing is left of what was refused"


async def test_what_is_too_large(
    app: Starlette, tmp_path: Path, inspector: Tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker, command, _ = await sealed(inspector)
    monkeypatch.setattr(archives, "COMMAND_MOST", 100)
    view = await opened(app, tmp_path, maker.zip())
    assert "超过上限" in view.acts[0].fault and not view.acts[0].new
    monkeypatch.setattr(archives, "ENTRIES_MOST", 2)
    assert await refusal(app, tmp_path, maker.zip()) == "too_large"
    assert not await Command.exists(id=command["id"])


async def test_locks(app: Starlette, tmp_path: Path, inspector: Tablet) -> None:
    maker = Maker(inspector)
    locked = maker.locked("对的口令")
    assert await refusal(app, tmp_path, locked) == "rescue_locked"
    assert await refusal(app, tmp_path, locked, "错的口令") == "rescue_passphrase"
    newer = locked.replace(b'"format": 1', b'"format": 7')
    assert await refusal(app, tmp_path, newer, "对的口令") == "rescue_newer"
    strange = maker.locked(deposit=True).replace(b'"name": "', b'"name": "x', 1)
    strange = strange[:8] + struct.pack(">I", struct.unpack(">I", strange[8:12])[0] + 1) + strange[12:]
    assert await refusal(app, tmp_path, strange) == "rescue_strange"
    endless = locked.replace(b'"iterations": 1000', b'"iterations": 9999999999')
    endless = endless[:8] + struct.pack(">I", struct.unpack(">I", endless[8:12])[0] + 6) + endless[12:]
    assert await refusal(app, tmp_path, endless, "对的口令") == "rescue_unreadable"


@pytest.mark.parametrize("spoil", ["cut at a chunk", "cut", "a byte", "chunks swapped", "header", "more"])
async def test_a_locked_file_that_is_not_as_it_was_written(
    spoil: str, app: Starlette, tmp_path: Path, inspector: Tablet
) -> None:
    maker, _, _ = await sealed(inspector)
    whole = maker.locked("口令", chunk=1000)
    at = 12 + struct.unpack(">I", whole[8:12])[0]
    size = 1016
    spoiled: Any = {
        "cut at a chunk": whole[: at + 2 * size],
        "cut": whole[:-5],
        "a byte": whole[: at + 9] + bytes([whole[at + 9] ^ 1]) + whole[at + 10 :],
        "chunks swapped": whole[:at]
        + whole[at + size : at + 2 * size]
        + whole[at : at + size]
        + whole[at + 2 * size :],
        "header": whole.replace(b'"chunk": 1000', b'"chunk":  999'),
        "more": whole + b"x",
    }[spoil]
    assert await refusal(app, tmp_path, spoiled, "口令") == "rescue_unreadable"


async def test_a_lying_hash_costs_its_own_file_only(
    app: Starlette, tmp_path: Path, inspector: Tablet
) -> None:
    maker, _, _ = await sealed(inspector, 3)
    broken, other, _ = list(maker.photos)
    maker.more = {f"photos/{broken}": maker.photos[broken][:-1] + b"!", f"photos/{other}": b"short"}
    view = await opened(app, tmp_path, maker.zip())
    assert list(view.photos.values()) == ["broken", "broken", "coming"] and view.acts[0].new
    assert all("校验值不符" in fault for fault in view.faults) and len(view.faults) == 2
    maker, command, _ = await sealed(inspector)
    second = inspector.command("card.dismiss", {"card": command["id"]})
    maker.commands.append(second)
    maker.more = {f"commands/0001-{command['id']}.json": json.dumps(command | {"at": None}).encode()}
    view = await opened(app, tmp_path, maker.zip())
    assert "校验值不符" in view.acts[0].fault and view.acts[1].new


async def test_a_command_that_cannot_be_read_is_told(
    app: Starlette, tmp_path: Path, inspector: Tablet
) -> None:
    maker = Maker(inspector, [{"id": "0193a000-0000-7000-8000-00000000000a", "no": "verb"}])
    view = await opened(app, tmp_path, maker.zip())
    assert "无法读取" in view.acts[0].fault and not view.anything


async def test_photos_that_no_record_wants_stay_out(
    app: Starlette, tmp_path: Path, inspector: Tablet
) -> None:
    maker, command, pictures = await sealed(inspector)
    maker.commands = []
    view = await opened(app, tmp_path, maker.zip())
    assert set(view.photos.values()) == {"stray"} and not view.anything and len(pictures) == 2
    assert command["id"]


async def test_uploaded_files_are_swept(app: Starlette, inspector: Tablet) -> None:
    folder = folder_of(app.state.blobs)
    await open_file(io.BytesIO(Maker(inspector).zip()), folder, "")
    assert sweep(app.state.blobs) == 0 and len(list(folder.iterdir())) == 1
    assert (next(iter(folder.iterdir())).stat().st_mode & 0o777) == 0o600
    assert sweep(app.state.blobs, -1) == 1 and list(folder.iterdir()) == []


def named(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return out.getvalue()


def listed(name: str) -> dict[str, Any]:
    return {"file": name, "sha256": "0" * 64, "size": 1}
