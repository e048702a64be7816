"""Odd, damaged and hostile commands: each gets a verdict the first time, on either engine, and blocks nothing."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from app import make_app
from offline_sync.models import Command
from tests.offline_sync.tablet import Tablet, photo, picture, visit
from villages.ground.ids import new_id
from villages.ground.settings import Settings
from villages.verify import verify


@pytest.fixture
async def either(either_demo: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """The application over the demo district on either engine."""
    made = make_app(either_demo)
    async with made.router.lifespan_context(made):
        transport = httpx2.ASGITransport(app=made, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://xuncun.test") as client:
            yield client


async def told(tablet: Tablet, command: dict[str, Any], text: str | None = None) -> dict[str, Any]:
    """The verdict on a command whose JSON may be written by hand; the request itself must go well."""
    body = json.dumps({"replica": tablet.replica, "commands": []})
    written = text if text is not None else json.dumps(command)
    answer = await tablet.http.post(
        "/api/sync/push", content=body.replace("[]", f"[{written}]").encode(), headers=tablet.auth
    )
    assert answer.status_code == 200, answer.text
    [result] = answer.json()["results"]
    return dict(result)


def _visit(change: Callable[[dict[str, Any]], None]) -> Callable[[Tablet], dict[str, Any]]:
    def make(tablet: Tablet) -> dict[str, Any]:
        args = visit(tablet)
        change(args)
        return tablet.command("inspection.submit", args)

    return make


def _finding(**more: Any) -> Callable[[Tablet], dict[str, Any]]:
    def change(args: dict[str, Any]) -> None:
        first = next(answer for answer in args["answers"] if answer["item"] == "RE-1.1")
        first["findings"][0].update(more)

    return _visit(change)


def _about(verb: str, args: dict[str, Any], **more: Any) -> Callable[[Tablet], dict[str, Any]]:
    return lambda tablet: tablet.command(verb, args, **more)


def _slip(**wrong: Any) -> Callable[[Tablet], dict[str, Any]]:
    return lambda tablet: tablet.command("inspection.submit", visit(tablet)) | wrong


SOME = str(new_id())
ODD: dict[str, tuple[Callable[[Tablet], dict[str, Any]], set[str]]] = {
    "a monotonic clock beyond all columns": (_about("task.accept", {"task": SOME}, mono=1e300), {"rejected"}),
    "a negative one": (_about("task.accept", {"task": SOME}, mono=-(10**30)), {"rejected"}),
    "a version beyond all columns": (_about("task.accept", {"task": SOME}, v=10**15), {"held"}),
    "a NUL in the verb": (_about("task.\0", {}), {"held"}),
    "a NUL in what it is about": (_about("task.accept", {"task": "a\0b"}), {"rejected"}),
    "a NUL in the boot mark": (_about("task.accept", {"task": SOME}, boot="\0"), {"rejected"}),
    "a NUL in what a village said": (_visit(lambda args: args.update(village_remarks="好\0的")), {"applied"}),
    "a NUL in a photo's hash": (_about("task.note", {"task": SOME, "photos": [{"sha256": "\0"}]}), {"held"}),
    "half a character": (_visit(lambda args: args.update(village_remarks="好\ud83d")), {"applied"}),
    "half a character in an answer's note": (
        _visit(lambda args: args["answers"][0].update(note="\udc00后半")),
        {"applied"},
    ),
    "a village code as long as a letter": (
        _about("village.locate", {"village": "x" * 5000, "position": {"lat": 40, "lng": 116}}),
        {"rejected"},
    ),
    "a village code that only begins right": (
        _about("village.locate", {"village": "110109005201" * 20, "position": {"lat": 40, "lng": 116}}),
        {"rejected"},
    ),
    "a revision beyond all columns": (
        _about("task.note", {"task": SOME, "base_rev": -(10**30)}),
        {"rejected"},
    ),
    "a unit longer than its column": (_finding(unit="110109-" + "d" * 60), {"applied"}),
    "a rule longer than its column": (_finding(rule="each" * 20), {"applied", "held"}),
    "a million years to mend it": (_finding(days=365_000_000), {"applied"}),
    "a place longer than its column": (_finding(place="东" * 900, text="脏" * 900), {"applied"}),
    "a picture taken before all calendars": (
        _visit(lambda args: args["photos"][0].update(taken_at="0001-01-01T00:00:00+08:00")),
        {"applied"},
    ),
    "a visit at the end of all calendars": (
        _visit(
            lambda args: args.update(
                finished_at="9999-12-31T23:59:59-08:00", started_at="0001-01-01T00:00:00Z"
            )
        ),
        {"applied"},
    ),
    "sent at the end of all calendars": (
        _about("task.accept", {"task": SOME}, at="9999-12-31T20:00:00+00:00"),
        {"rejected"},
    ),
    "times and marks of other types": (
        _slip(at=20261120, mono="88", boot=["b3f"], replaces="none"),
        {"applied"},
    ),
    "a verb longer than its column": (_slip(verb="inspection.submit" * 9), {"held"}),
    "a verb that is a number": (_slip(verb=7), {"held"}),
    "a version that is a word": (_slip(v="eins"), {"held"}),
    "args that are none": (_slip(args=None), {"held"}),
    "a partner's item longer than its column": (
        lambda tablet: tablet.command(
            "inspection.evidence",
            {"inspection": str(new_id()), "item": "RE-" + "1" * 40, "photos": [photo(picture("伙伴"))]},
        ),
        {"applied"},
    ),
}


@pytest.mark.parametrize("what", ODD)
async def test_an_odd_command_gets_its_verdict_at_once(either: httpx2.AsyncClient, what: str) -> None:
    tablet = await Tablet(either, "inspector").sign_in()
    await tablet.pull()
    make, statuses = ODD[what]
    command = make(tablet)
    first = await told(tablet, command)
    assert first["status"] in statuses, first
    assert first["reason"] != "internal_error"
    assert await told(tablet, command) == first
    after = await told(tablet, tablet.command("card.dismiss", {"card": SOME}))
    assert after["status"] == "rejected"
    # What was kept can be shown to people and told to tablets.
    for page in ("/held", f"/held/{command['id']}", "/villages/110109005201", "/trail", "/tasks", "/rounds"):
        answer = await (await _office(either)).get(page)
        assert answer.status_code in (200, 404), (page, answer.text[:300])
    await tablet.pull()
    assert (await verify())[0].faults == []


async def _office(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    if "xuncun" not in client.cookies:
        answer = await client.post(
            "/sign-in", data={"name": "office", "password": "xuncun-demo", "next": "/"}
        )
        assert answer.status_code == 303
    return client


@pytest.mark.parametrize("number", ["1e400", "9" * 5000, "-" + "9" * 400, "1e-999999"])
async def test_a_figure_beyond_all_numbers_is_kept_and_blocks_nothing(inspector: Tablet, number: str) -> None:
    command = inspector.command("inspection.submit", visit(inspector, wind="风速"))
    text = json.dumps(command, ensure_ascii=False).replace('"风速"', number)
    first = await told(inspector, command, text)
    assert first["status"] in ("applied", "held"), first
    assert await told(inspector, command, text) == first
    assert number in (await Command.get(id=command["id"])).payload


async def test_what_is_nested_beyond_reading_is_refused_with_a_name(inspector: Tablet) -> None:
    deep = "[" * 60_000 + "]" * 60_000
    for path, body in (
        ("/api/sync/push", f'{{"replica":"{inspector.replica}","commands":[{deep}]}}'),
        ("/api/sync/pull", f'{{"replica":"{inspector.replica}","scopes":{deep}}}'),
        ("/api/session", f'{{"name":{deep}}}'),
        ("/api/blobs/missing", f'{{"sha256":{deep[:30_000]}}}'),
    ):
        answer = await inspector.http.post(path, content=body.encode(), headers=inspector.auth)
        assert answer.status_code in (400, 413, 422), (path, answer.text)


async def test_the_last_of_two_equal_keys_counts_everywhere(inspector: Tablet) -> None:
    command = inspector.command("task.accept", {"task": SOME})
    text = json.dumps(command)
    twice = f'{{"id":"{new_id()}",{text[1:]}'
    assert (await told(inspector, command, twice))["id"] == command["id"]
    assert (await told(inspector, command, text))["id"] == command["id"]


async def test_a_command_without_args_is_held(inspector: Tablet) -> None:
    command = inspector.command("inspection.submit", {})
    del command["args"]
    assert (await told(inspector, command))["status"] == "held"


@pytest.mark.parametrize("wrong", [{"id": "sieben"}, {"seq": "1"}, {"seq": 0}, {"id": None}], ids=str)
async def test_without_id_or_number_nothing_can_be_receipted(
    inspector: Tablet, wrong: dict[str, Any]
) -> None:
    answer = await inspector.push_raw(inspector.command("task.accept", {"task": SOME}) | wrong)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
    assert answer.json()["last_seq"] == 0
