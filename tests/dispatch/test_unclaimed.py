"""Bytes of a refused form are forgotten after a while; bytes that any record names never are."""

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from dispatch import unclaimed
from dispatch.unclaimed import AFTER, forget, mark
from inspections.models import Photo
from tests.dispatch.desk_house import a_task, at_desk, house, jpeg
from villages.ground.blobs import Blobs


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as made:
        yield made


def _age(blobs: Blobs, sha256: str) -> None:
    path = blobs.folder / "unclaimed" / sha256
    long_ago = path.stat().st_mtime - AFTER - 1
    os.utime(path, (long_ago, long_ago))


async def test_a_refused_form_leaves_nothing_behind_and_a_good_one_everything(app: Starlette) -> None:
    blobs: Blobs = app.state.blobs
    task = await a_task()
    bad, good = jpeg("refused"), jpeg("taken")
    refused, taken = (hashlib.sha256(data).hexdigest() for data in (bad, good))
    async with at_desk(app, "village") as desk:
        form = await desk.form(f"/tasks/{task}", "/submit")
        answer = await desk.send(form, [(form.files[0], bad)], act="no id", text="已清理")
        assert answer.status_code == 403 and blobs.size(refused) is None, "refused before anything was stored"
        answer = await desk.send(form, [(form.files[0], bad), (form.files[0], b"no photo")], text="已清理")
        assert answer.status_code == 415 and not await Photo.exists(sha256=refused)
        assert (await desk.send(form, [(form.files[0], good)], text="已清理")).status_code == 303
    assert blobs.size(refused) == len(bad) and blobs.size(taken) == len(good)
    assert await forget(blobs) == 0, "too young: its change may still be under way"
    _age(blobs, refused)
    _age(blobs, taken)
    assert await forget(blobs) == 1
    assert blobs.size(refused) is None and blobs.size(taken) == len(good)
    assert not list((blobs.folder / "unclaimed").iterdir())
    assert not list((blobs.folder / "partial").iterdir())


async def test_bytes_brought_again_meanwhile_stay(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs: Blobs = app.state.blobs
    data = jpeg("twice")
    sha256 = hashlib.sha256(data).hexdigest()
    mark(blobs, sha256)
    blobs.put(data)
    _age(blobs, sha256)

    async def nobody_but_a_form_comes(_sha256: str) -> bool:
        mark(blobs, sha256)
        blobs.put(data)
        return False

    monkeypatch.setattr(unclaimed, "_named", nobody_but_a_form_comes)
    assert await forget(blobs) == 0
    assert blobs.size(sha256) == len(data)
    assert (blobs.folder / "unclaimed" / sha256).exists()
