"""Visits as a tablet hands them in: 42 items, 6 findings, 12 photos announced."""

import copy
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from tests.offline_sync.tablet import WHEN, finding, full_answers
from villages.ground.ids import new_id

PHOTOS = 12
_PLACES = ("村委会东侧", "文化广场北侧", "一号巷口")
_CLEAN = full_answers()
_encode = msgspec.json.Encoder().encode


def submit(
    seq: int, round_id: str, village: str, checklist: dict[str, str], person: str, hashes: Sequence[str] = ()
) -> bytes:
    """The text of one `inspection.submit`, with ids of its own; photos of these hashes, else of bytes nobody has."""
    inspection = str(new_id())
    made = hashes or [
        hashlib.sha256(f"{inspection}-{number}".encode()).hexdigest() for number in range(PHOTOS)
    ]
    shots = [_photo(sha256) for sha256 in made]
    args = {
        "inspection": inspection, "round": round_id, "village": village, "checklist": checklist,
        "inspectors": [person], "started_at": WHEN, "finished_at": WHEN,
        "position": {"lat": 39.97, "lng": 116.01, "accuracy": 12}, "answers": _answers(shots),
        "signature": {"name": "王书记", "photo": None, "refused": None}, "village_remarks": "", "photos": shots,
    }  # fmt: skip
    return command("inspection.submit", seq, args)


def command(verb: str, seq: int, args: dict[str, Any]) -> bytes:
    """Any command's text."""
    whole = {
        "id": str(new_id()),
        "seq": seq,
        "verb": verb,
        "v": 1,
        "at": WHEN,
        "mono": 88211034,
        "boot": "b3f",
    }
    return _encode(whole | {"args": args})


def push_body(replica: str, commands: list[bytes]) -> bytes:
    """The body of one push."""
    return b'{"replica":"%s","epoch":null,"now":"%s","commands":[%s]}' % (
        replica.encode(), WHEN.encode(), b",".join(commands),
    )  # fmt: skip


def _answers(shots: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """RE filled in, three spots on each of the first two items, two photos a spot."""
    answers = copy.copy(_CLEAN)
    for place, answer in enumerate(answers):
        if answer["item"] not in ("RE-1.1", "RE-1.2"):
            continue
        first = 0 if answer["item"] == "RE-1.1" else 6
        spots = [
            finding("路面散落垃圾", shots[first + n * 2 : first + n * 2 + 2], place=_PLACES[n])
            for n in range(3)
        ]
        answers[place] = answer | {"counts": {"each": 3}, "findings": spots}
    return answers


def _photo(sha256: str) -> dict[str, Any]:
    return {
        "id": str(new_id()), "sha256": sha256, "size": 300_000,
        "mime": "image/jpeg", "width": 1600, "height": 1200, "taken_at": WHEN,
        "position": {"lat": 39.97, "lng": 116.01, "accuracy": 8},
    }  # fmt: skip
