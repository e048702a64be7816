"""Small pictures that run ahead of their photos, under attack: whoever sends what, for whose photo, in whatever state."""

import io
from pathlib import Path

import httpx2
from PIL import Image

from tests.hostile.network import FLIPPED, Letter, NoAnswer, spoilt
from tests.hostile.tablet import Tablet, preview_of, sha
from tests.hostile.world import World
from tests.offline_sync.tablet import picture
from villages.ground.blobs import Blobs
from villages.ground.database import rows

# What is sent as a preview. Only the first may ever lie on the disk, and what one flipped byte makes of it.
BODIES = ("good", "good", "another", "cut", "png", "wide", "heavy", "nothing")
BIG, SIDE = 24 * 1024, 320


def body_of(how: str, name: str) -> bytes:
    """The bytes sent for the photo of this hash."""
    match how:
        case "another":
            return picture(f"another {name}")
        case "cut":
            return preview_of(name)[:-40]
        case "png":
            return _drawn("PNG", (64, 48))
        case "wide":
            return _drawn("JPEG", (SIDE + 1, 8))
        case "heavy":
            return preview_of(name) + b"\0" * BIG
        case "nothing":
            return b""
    return preview_of(name)


def _drawn(kind: str, size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (9, 99, 9)).save(out, kind)
    return out.getvalue()


async def send(
    world: World, tablet: Tablet, name: str, how: str, *, method: str = "PUT", deposit: bool = False
) -> int:
    """Whoever works on the tablet sends a preview for the photo of this hash; the status, 0 without an answer."""
    person = tablet.mine.person
    token = person.deposit if deposit else person.session
    head = {"Authorization": f"Bearer {token}", "Content-Type": "image/jpeg"}
    letter = Letter(person.name, method, f"/api/blobs/{name}/preview", head, None, body_of(how, name))
    before = await _number()
    owed = await _owed(world, person.id, name)
    try:
        status = (await world.road.send(letter)).status_code
    except NoAnswer:
        status = 0
    took = await _number() - before
    assert took <= (1 if owed and status in (0, 204) else 0), (
        f"a preview took {took} numbers, answered {status}"
    )
    return status


async def _number() -> int:
    return int((await rows("SELECT rev FROM district_head"))[0]["rev"])


async def _owed(world: World, person: str, name: str) -> bool:
    """Whether a preview by this person would be news: their photo, no original, some record that knows of none."""
    slots = await rows("SELECT person, has_preview FROM photo WHERE sha256 = ?", name)
    mine = any(str(slot["person"]) == person for slot in slots)
    return (
        mine
        and not all(slot["has_preview"] for slot in slots)
        and Blobs(world.settings.blobs).size(name) is None
    )


async def look(world: World, tablet: Tablet, name: str, wide: bool) -> int:
    """Whoever works on the tablet asks for the photo of this hash, or for its small copy; the status, 0 without."""
    person = tablet.mine.person
    letter = Letter(
        person.name,
        "GET",
        f"/api/blobs/{name}" + ("" if wide else "?w=160"),
        {"Authorization": f"Bearer {person.session}"},
    )
    try:
        return (await world.road.send(letter)).status_code
    except NoAnswer:
        return 0


# ------------------------------------------------------------------ what must hold of the answers and of the disk


async def sent_rightly(world: World, letter: Letter, answer: httpx2.Response) -> None:
    """A preview is taken from whoever announced the photo, and from nobody else."""
    name, person = letter.path.split("/")[3], _id(world, letter.person)
    slots = await rows("SELECT person FROM photo WHERE sha256 = ?", name)
    mine = any(str(slot["person"]) == person for slot in slots)
    if answer.status_code == 204:
        assert mine and letter.method == "PUT", (
            f"I8: a preview of {letter.person} for a photo of others was taken"
        )
    else:
        assert answer.status_code in ((401, 405, 413, 422) if mine else (401, 404, 405)), answer.text


async def shown_rightly(world: World, letter: Letter, answer: httpx2.Response, seen: set[str]) -> None:
    """I8 for the bytes: `seen` are the hashes in the person's reach. What is shown is the photo or its own preview."""
    name = letter.path.split("?")[0].rpartition("/")[2]
    if answer.status_code != 200:
        assert answer.status_code in (401, 404), answer.text
        here = Blobs(world.settings.blobs)
        nothing = here.size(name) is None and not here.preview_path(name).exists()
        assert answer.status_code == 401 or name not in seen or nothing, f"I10: {name} is not shown"
        return
    assert name in seen, f"I8: {letter.person} was shown {name}"
    if "x-xuncun-preview" in answer.headers:
        assert Blobs(world.settings.blobs).size(name) is None, "a preview in place of the original"
        assert answer.content in allowed(name), "a preview that nobody sent"
    elif "w=" not in letter.path:
        assert sha(answer.content) == name, "I15: other bytes than were taken"


async def on_disk(world: World) -> None:
    """Whole previews only, of announced photos, sent by their people; a row that speaks of one speaks the truth."""
    blobs = Blobs(world.settings.blobs)
    slots = await rows("SELECT sha256, state, has_preview FROM photo")
    announced = {slot["sha256"] for slot in slots}
    for path in Path(blobs.folder / "previews").iterdir():
        assert path.stem in announced, "a preview of no photo"
        assert path.read_bytes() in allowed(path.stem), "a preview that nobody may send"
    for slot in slots:
        here = blobs.size(slot["sha256"]) is not None
        assert here or slot["state"] != "stored", f"I15: {slot['sha256']} is called stored and is not here"
        if slot["has_preview"] and not here and not world.restores:  # a backup leaves previews out
            assert blobs.preview_path(slot["sha256"]).exists(), "a preview is told of and is not there"


def allowed(name: str) -> tuple[bytes, ...]:
    """What may lie on the disk as this photo's preview."""
    whole = [body_of(how, name) for how in ("good", "another")]
    return (*whole, *(spoilt(one, FLIPPED) for one in whole))


def _id(world: World, name: str) -> str:
    return next(
        store.person.id
        for tablet in world.tablets
        for store in tablet.stores.values()
        if store.person.name == name
    )
