"""What a rescue brings in, and that nothing of it ever counts twice, whichever way the same work comes again."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from inspections.models import Inspection, Photo
from offline_sync.models import Command, Draft, Replica
from offline_sync.rescue.archive import Archive
from offline_sync.rescue.bring_in import Report, bring_in
from offline_sync.rescue.look import View, look_over
from offline_sync.rescue.waiting import open_file
from tests.offline_sync.photo_house import creation
from tests.offline_sync.rescue.maker import Maker, draft_id
from tests.offline_sync.tablet import Tablet, photo, picture, visit
from villages.changes import Actor
from villages.ground.ids import new_id
from villages.models import Change, ChangeBody, Person, Session

pytestmark = pytest.mark.usefixtures("app")


async def office() -> Actor:
    person = await Person.get(name="office")
    return Actor(person.id, "district_office", "110109", person.title)


@pytest.fixture
def bring(app: Starlette, tmp_path: Path) -> Callable[..., Any]:
    """Import a file as the office does; returns what was seen before, and the report."""

    async def work(data: bytes, passphrase: str = "") -> tuple[View, Report]:
        sha256, place = await open_file(io.BytesIO(data), tmp_path / "rescue", passphrase)
        actor = await office()
        with Archive(place) as archive:
            view = await look_over(archive, app.state.blobs, sha256, actor.person)
            return view, await bring_in(view, app.state.blobs, actor)

    return work


async def revs() -> int:
    return await Change.all().count()


def shots(count: int) -> tuple[list[bytes], list[dict[str, Any]]]:
    pictures = [picture(f"{new_id()}") for _ in range(count)]
    return pictures, [photo(data) for data in pictures]


async def sealed(tablet: Tablet, count: int = 2) -> tuple[Maker, dict[str, Any], list[bytes]]:
    """A rescue of one visit, its command, and its photos."""
    pictures, announced = shots(count)
    args = visit(tablet, photos=announced, faults=count)
    command = tablet.command("inspection.submit", args)
    return Maker(tablet, [command]).add(*pictures), command, pictures


async def test_a_visit_with_its_photos_is_carried_out_as_its_authors(
    app: Starlette, inspector: Tablet, bring: Callable[..., Any]
) -> None:
    maker, command, pictures = await sealed(inspector)
    view, report = await bring(maker.zip())
    assert view.proven and view.who.kind == "deposit" and report == Report(acts=1, photos=2)
    row = await Command.get(id=command["id"])
    assert (row.status, str(row.person), row.seq) == ("applied", inspector.me, 1)
    assert str((await Inspection.get(id=command["args"]["inspection"])).author) == inspector.me
    for sha256, data in maker.photos.items():
        assert app.state.blobs.path(sha256).read_bytes() == data
    assert set(await Photo.all().values_list("state", flat=True)) == {"stored"} and len(pictures) == 2


async def test_the_trail_says_who_brought_it_in_and_by_which_file(
    inspector: Tablet, bring: Callable[..., Any]
) -> None:
    maker, command, _ = await sealed(inspector)
    view, _ = await bring(maker.zip())
    line = await Change.get(verb="rescue.import")
    body = (await ChangeBody.get(id=line.id)).body
    assert str(line.person) == str((await office()).person) and view.file in body and inspector.me in body
    own = await Change.get(command_id=command["id"])
    assert str(own.person) == inspector.me
    told = (await ChangeBody.get(id=own.id)).body
    assert view.file in told and str((await office()).person) in told


async def test_twice_changes_nothing(inspector: Tablet, bring: Callable[..., Any]) -> None:
    maker, command, _ = await sealed(inspector)
    maker.drafts[draft_id()] = (3, {"draft": "未填完"})
    await bring(maker.zip())
    before = await revs(), await Replica.all().order_by("id").values()
    view, report = await bring(maker.zip())
    assert not view.anything and report == Report()
    assert view.acts[0].kept is not None and view.acts[0].kept.status == "applied"
    assert (await revs(), await Replica.all().order_by("id").values()) == before
    assert await Inspection.filter(id=command["args"]["inspection"]).count() == 1


async def test_imported_first_then_synced_the_tablet_hears_its_verdict_and_no_number_is_taken(
    inspector: Tablet, bring: Callable[..., Any]
) -> None:
    maker, command, pictures = await sealed(inspector)
    await bring(maker.zip())
    before = await revs()
    (result,) = await inspector.push(command)
    assert (result["status"], result["data"]["missing"]) == ("applied", [])
    answer = await inspector.http.post(
        "/api/tus", headers=creation(pictures[0]) | inspector.auth, content=b""
    )
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(pictures[0])))
    assert await revs() == before
    # And the tablet's own count goes on where it stood.
    assert (await inspector.do("card.dismiss", {"card": str(new_id())}))["status"] == "rejected"


async def test_synced_first_then_imported_nothing_is_taken(
    inspector: Tablet, bring: Callable[..., Any]
) -> None:
    maker, command, pictures = await sealed(inspector)
    await inspector.push(command)
    for data in pictures:
        headers = creation(data) | inspector.auth | {"Content-Type": "application/offset+octet-stream"}
        assert (await inspector.http.post("/api/tus", headers=headers, content=data)).status_code == 201
    before = await revs()
    view, report = await bring(maker.zip())
    assert not view.anything and report == Report() and await revs() == before


async def test_half_synced_the_rest_is_brought_in(inspector: Tablet, bring: Callable[..., Any]) -> None:
    maker, command, pictures = await sealed(inspector)
    await inspector.push(command)
    half = pictures[0][: len(pictures[0]) // 2]
    headers = creation(pictures[0]) | inspector.auth
    await inspector.http.post("/api/tus", headers=headers, content=b"")
    patch = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
    }
    sha256 = command["args"]["photos"][0]["sha256"]
    await inspector.http.patch(f"/api/tus/{sha256}", headers=patch | inspector.auth, content=half)
    _, report = await bring(maker.zip())
    assert report == Report(acts=0, photos=2)


async def test_commands_keep_their_order_whatever_the_tablet_counted(
    inspector: Tablet, bring: Callable[..., Any]
) -> None:
    first, _, _ = await sealed(inspector, 1)
    second, _, _ = await sealed(inspector, 1)
    second.commands[0]["args"]["village"] = "110109005202"
    maker = Maker(inspector, [*first.commands, *second.commands], {**first.photos, **second.photos})
    inspector.seq = 40  # the server never heard of what came before: a gap, were it the tablet's own replica
    for number, command in enumerate(maker.commands):
        command["seq"] = 41 + number
    _, report = await bring(maker.zip())
    assert report.acts == 2 and not report.faults
    rows = await Command.filter(id__in=[c["id"] for c in maker.commands]).order_by("seq")
    assert [str(row.id) for row in rows] == [c["id"] for c in maker.commands]
    # The tablet forks or fills its gap as ever.
    answer = await inspector.push_raw(maker.commands[0])
    assert answer.status_code == 200 and answer.json()["results"][0]["status"] == "applied"


@pytest.mark.parametrize("how", ["no seal", "another's seal", "changed after sealing", "revoked token"])
async def test_what_cannot_prove_its_author_is_held_for_the_office(
    how: str, inspector: Tablet, town: Tablet, bring: Callable[..., Any]
) -> None:
    maker, command, _ = await sealed(inspector)
    if how == "no seal":
        maker.seal = False
    elif how == "another's seal":
        maker.told = {"person": {"id": town.me, "title": "专管员"}}  # the inspector's seal on the town's name
    elif how == "changed after sealing":
        maker.more = {"seal.json": maker.entries()["seal.json"]}
        maker.told = {"made_at": "2026-11-23T10:00:00+08:00"}
    else:
        await Session.filter(kind="deposit", person_id=inspector.me).update(revoked=True)
    view, _ = await bring(maker.zip())
    row = await Command.get(id=command["id"])
    assert not view.proven and (row.status, row.reason) == ("held", "author_unproven")
    assert not await Inspection.exists(id=command["args"]["inspection"])
    assert await Photo.filter(state="stored").count() == 2, "its evidence is kept all the same"


async def test_an_unproven_draft_gives_way_to_the_authors_own(
    inspector: Tablet, bring: Callable[..., Any]
) -> None:
    name = draft_id()
    maker = Maker(inspector, drafts={name: (99, {"by": "file"})}, seal=False)
    await bring(maker.zip())
    assert (await Draft.get(inspection=name)).doc == '{"by": "file"}'
    await inspector.http.put(
        f"/api/drafts/{name}", json={"rev": 2, "doc": {"by": "tablet"}}, headers=inspector.auth
    )
    _, report = await bring(maker.zip())
    assert report == Report() and "tablet" in (await Draft.get(inspection=name)).doc


async def test_drafts_come_with_the_photos_they_show_for_their_author_alone(
    inspector: Tablet, town: Tablet, bring: Callable[..., Any]
) -> None:
    (data,), (announced,) = shots(1)
    name = draft_id()
    maker = Maker(inspector, drafts={name: (4, {"answers": ["甲"]})}, announced=[announced]).add(data)
    _, report = await bring(maker.zip())
    assert report == Report(photos=1, drafts=1)
    told = (await inspector.http.get(f"/api/drafts/{name}", headers=inspector.auth)).json()
    assert told["doc"] == {"answers": ["甲"]}
    path = f"/api/blobs/{announced['sha256']}"
    assert (await inspector.http.get(path, headers=inspector.auth)).content == data
    assert (await town.http.get(path, headers=town.auth)).status_code == 404
    assert (await town.http.get(f"/api/drafts/{name}", headers=town.auth)).status_code == 404
    # Handed in later, the photo comes home to its village and nothing doubles.
    args = visit(inspector, photos=[announced], faults=1)
    assert (await inspector.do("inspection.submit", args))["data"]["missing"] == []
    assert await Photo.filter(sha256=announced["sha256"]).values_list("home", "state") == [
        (args["village"], "stored")
    ]


async def test_of_a_disabled_person_it_waits_as_a_deposit_would(
    inspector: Tablet, bring: Callable[..., Any]
) -> None:
    maker, command, _ = await sealed(inspector)
    await Person.filter(id=inspector.me).update(disabled=True)
    view, _ = await bring(maker.zip())
    row = await Command.get(id=command["id"])
    assert view.proven and (row.status, row.reason) == ("held", "account_disabled")


async def test_too_large_for_the_wire_it_comes_by_file(inspector: Tablet, bring: Callable[..., Any]) -> None:
    maker, command, _ = await sealed(inspector)
    command["args"]["answers"][0]["note"] = "字" * 100_000
    assert (await inspector.push_raw(command)).status_code == 413
    _, report = await bring(maker.zip())
    assert report.acts == 1 and await Command.exists(id=command["id"])


async def test_an_id_that_is_taken_is_told_and_laid_aside(
    inspector: Tablet, bring: Callable[..., Any]
) -> None:
    maker, command, _ = await sealed(inspector)
    other, stranger, _ = await sealed(inspector)
    stranger["id"] = command["id"]
    await bring(maker.zip())
    view, _ = await bring(other.zip())
    assert view.acts[0].fault and command["id"] in view.acts[0].fault
    assert (await Command.get(id=command["id"])).payload != ""


async def test_the_words_of_the_document_open_a_locked_file(inspector: Tablet, tmp_path: Path) -> None:
    told = (Path(__file__).parents[3] / "docs" / "rescue.md").read_text(encoding="utf-8")
    (tmp_path / "open.py").write_text(told.partition("```python\n")[2].partition("```")[0], encoding="utf-8")
    maker, _, _ = await sealed(inspector)
    (tmp_path / "file").write_bytes(maker.locked("山路漫漫"))
    subprocess.run([sys.executable, "open.py", "file", "山路漫漫"], cwd=tmp_path, check=True)
    with zipfile.ZipFile(tmp_path / "rescue.zip") as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == maker.entries()


@pytest.mark.parametrize(("passphrase", "deposit"), [("山路漫漫", False), ("", True), ("山路漫漫", True)])
async def test_locked_by_either_key_it_is_the_same_file(
    passphrase: str, deposit: bool, inspector: Tablet, bring: Callable[..., Any]
) -> None:
    maker, command, _ = await sealed(inspector)
    _, report = await bring(maker.locked(passphrase, deposit), "" if deposit else f" {passphrase} ")
    assert report == Report(acts=1, photos=2) and (await Command.get(id=command["id"])).status == "applied"
