"""Bytes by hash: names only for what is whole, pieces that survive, one writer at a time."""

import contextlib
import hashlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from villages.ground.blobs import BlobBusy, Blobs, Standing, is_hash

DATA = bytes(range(256)) * 5000
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def test_put_names_bytes_by_their_hash_in_two_levels(blobs: Blobs) -> None:
    assert blobs.put(DATA) == SHA
    assert blobs.path(SHA) == blobs.folder / SHA[:2] / SHA[2:4] / SHA
    assert blobs.path(SHA).read_bytes() == DATA
    assert blobs.standing(SHA) == Standing("stored", len(DATA))
    with blobs.open(SHA) as file:
        assert file.read() == DATA
    assert not list((blobs.folder / "partial").iterdir())


def test_putting_twice_leaves_the_first_alone(blobs: Blobs) -> None:
    blobs.put(DATA)
    before = blobs.path(SHA).stat()
    blobs.put(DATA)
    assert blobs.path(SHA).stat().st_ino == before.st_ino


@pytest.mark.parametrize(
    "name", ["", "../" * 3, SHA.upper(), SHA[:-1], SHA + "\n", "../../../etc/passwd" + "a" * 45]
)
def test_no_name_but_a_hash_reaches_the_disk(blobs: Blobs, name: str) -> None:
    assert not is_hash(name)
    for ask in (
        blobs.path,
        blobs.size,
        blobs.open,
        blobs.partial,
        blobs.standing,
        blobs.preview_path,
        blobs.refused_path,
    ):
        with pytest.raises(ValueError, match="SHA-256"):
            ask(name)


def test_pieces_survive_their_writer(blobs: Blobs) -> None:
    first = blobs.partial(SHA)
    first.append(DATA[:1000])
    first.close()
    first.close()
    assert blobs.standing(SHA) == Standing("partial", 1000)
    second = blobs.partial(SHA)
    assert second.size == 1000
    second.append(DATA[1000:])
    assert second.matches()
    second.keep()
    second.close()
    assert blobs.path(SHA).read_bytes() == DATA
    assert not blobs.partial_path(SHA).exists()


def test_one_writer_at_a_time_also_across_processes(blobs: Blobs) -> None:
    held = blobs.partial(SHA)
    held.append(b"x")
    with pytest.raises(BlobBusy):
        blobs.partial(SHA)
    script = (
        "import sys; from pathlib import Path; from villages.ground.blobs import Blobs, BlobBusy\n"
        "try:\n    Blobs(Path(sys.argv[1])).partial(sys.argv[2]); print('free')\n"
        "except BlobBusy:\n    print('busy')\n"
    )
    run = [sys.executable, "-c", script, str(blobs.folder), SHA]
    assert (
        subprocess.run(run, capture_output=True, text=True, check=True, env=_env()).stdout.strip() == "busy"
    )
    held.close()
    assert (
        subprocess.run(run, capture_output=True, text=True, check=True, env=_env()).stdout.strip() == "free"
    )


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def test_whoever_opened_before_the_bytes_were_kept_never_writes_into_them(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second opens the file, the first keeps it under its final name, the second gets the lock on that file."""
    first = blobs.partial(SHA)
    first.append(DATA)
    real_open, raced = os.open, []

    def open_then_lose_the_race(path: object, *rest: int) -> int:
        handle = real_open(path, *rest)  # type: ignore[arg-type]
        if not raced and Path(str(path)) == blobs.partial_path(SHA):
            raced.append(True)
            first.keep()
            first.close()
        return handle

    monkeypatch.setattr(os, "open", open_then_lose_the_race)
    second = blobs.partial(SHA)
    second.append(b"late")
    second.close()
    assert raced
    assert blobs.path(SHA).read_bytes() == DATA


def test_wrong_bytes_do_not_match_and_can_be_forgotten(blobs: Blobs) -> None:
    partial = blobs.partial(SHA)
    partial.append(DATA[:-1] + b"!")
    assert not partial.matches()
    partial.cut(0)
    partial.close()
    assert blobs.standing(SHA) == Standing("absent", 0)


def test_refused_bytes_are_kept_aside(blobs: Blobs) -> None:
    partial = blobs.partial(SHA)
    partial.append(DATA)
    partial.refuse()
    partial.close()
    assert blobs.standing(SHA) == Standing("refused", len(DATA))
    assert blobs.refused_path(SHA).read_bytes() == DATA
    assert blobs.size(SHA) is None


def test_a_write_after_letting_go_touches_nothing(blobs: Blobs) -> None:
    partial = blobs.partial(SHA)
    partial.append(b"abc")
    partial.close()
    for late in (lambda: partial.append(b"d"), partial.keep, lambda: partial.cut(0), partial.matches):
        with pytest.raises(ValueError, match="let go"):
            late()
    assert blobs.partial_path(SHA).read_bytes() == b"abc"


def test_bytes_are_on_disk_before_they_get_their_name(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a power cut may leave is decided by the order: flush the file, name it, flush every folder that changed."""
    steps: list[str] = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(handle: int) -> None:
        target = Path(f"/proc/self/fd/{handle}").readlink()
        steps.append(str(target.relative_to(blobs.folder)) if target.is_dir() else "flush file")
        real_fsync(handle)

    def replace(self: Path, target: Path) -> Path:
        steps.append("name")
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    for how in ("put", "keep", "keep beside it"):
        steps.clear()
        if how == "put":
            sha256 = blobs.put(DATA)
        else:
            data = b"k"
            sha256 = hashlib.sha256(data).hexdigest()
            if how == "keep beside it":
                blobs.path(sha256).unlink()
                steps.clear()
            partial = blobs.partial(sha256)
            partial.append(data)
            partial.keep()
            partial.close()
        named = steps.index("name")
        assert steps[0] == "flush file", how
        first, second = sha256[:2], f"{sha256[:2]}/{sha256[2:4]}"
        fresh = how != "keep beside it"
        assert steps[named + 1 :] == [*([".", first] if fresh else []), second], how


@contextlib.contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """No file grows beyond so many bytes: what was written before stays half-way, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_write_without_room_leaves_no_half_file(blobs: Blobs) -> None:
    with no_room_beyond(1000):
        for write in (
            lambda: blobs.put(DATA),
            lambda: blobs.put_preview(SHA, DATA),
            lambda: blobs.put_thumb(SHA, 480, DATA),
            lambda: blobs.put_thumb(SHA, 480, DATA, flushed=False),
        ):
            with pytest.raises(OSError):
                write()
    assert not list((blobs.folder / "partial").iterdir()), "every try would make the disk fuller"
    assert blobs.standing(SHA).where == "absent" and not blobs.preview_path(SHA).exists()
    blobs.put_preview(SHA, b"small")
    assert blobs.put(DATA) == SHA and blobs.path(SHA).read_bytes() == DATA


def test_pieces_without_room_go_on_where_they_ended(blobs: Blobs) -> None:
    partial = blobs.partial(SHA)
    with no_room_beyond(1000), pytest.raises(OSError):
        partial.append(DATA)
    assert partial.size == 1000
    partial.close()
    again = blobs.partial(SHA)
    again.append(DATA[again.size :])
    assert again.matches()
    again.keep()
    again.close()


def test_sweep_takes_only_old_helper_files(blobs: Blobs) -> None:
    old, young = blobs.folder / "partial" / "a.tmp", blobs.folder / "partial" / "b.tmp"
    old.write_bytes(b"1")
    young.write_bytes(b"2")
    os.utime(old, (1000, 1000))
    blobs.partial(SHA).append(b"x")
    os.utime(blobs.partial_path(SHA), (1000, 1000))
    assert blobs.sweep(2000) == 1
    assert young.exists() and not old.exists() and blobs.partial_path(SHA).exists()
    assert [name for name, _ in blobs.partials()] == [SHA]
