"""The submission as a tablet sends it: what is read, how exactly, and what is no submission."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from inspections.answers import Answer, Submission


def uid(number: int) -> str:
    return f"0193a000-0000-7000-8000-{number:012d}"


def submission() -> dict[str, Any]:
    """The example of the protocol, with whole ids."""
    return {
        "inspection": uid(1),
        "round": uid(2),
        "village": "110109105210",
        "checklist": {"code": "RE", "version": "1.0", "sha256": "ab" * 32},
        "inspectors": [uid(3), uid(4)],
        "started_at": "2026-11-20T06:41:00+08:00",
        "finished_at": "2026-11-20T08:10:59+08:00",
        "position": {"lat": 39.97, "lng": 116.01, "accuracy": 12},
        "answers": [
            {
                "item": "RE-1.1",
                "counts": {"each": 3, "heavy": 1},
                "note": "",
                "na": False,
                "veto": None,
                "findings": [
                    finding(),
                    finding(id=uid(6), rule="each", count=3, action="fixed", after=[uid(13)]),
                ],
            },
            {"item": "RE-2.4", "counts": {}, "veto": {"text": "偷倒", "second": uid(4)}},
        ],
        "signature": {"name": "张某", "photo": uid(19), "refused": None},
        "village_remarks": "",
        "photos": [photo()],
    }


def finding(**fields: Any) -> dict[str, Any]:
    whole = {
        "id": uid(5),
        "place": "村委会东侧",
        "text": "成堆垃圾",
        "rule": "heavy",
        "count": 1,
        "position": None,
        "photos": [uid(11)],
        "after": [],
        "action": "dispatch",
        "unit": "110109105210",
        "severity": "minor",
        "days": 1,
    }
    return whole | fields


def photo(**fields: Any) -> dict[str, Any]:
    whole = {
        "id": uid(11),
        "sha256": "0f" * 32,
        "size": 301224,
        "mime": "image/jpeg",
        "width": 1600,
        "height": 1200,
        "taken_at": "2026-11-20T07:00:00+08:00",
        "position": {"lat": 39.97, "lng": 116.01, "accuracy": 8},
    }
    return whole | fields


def decode(doc: object) -> Submission:
    return msgspec.json.decode(json.dumps(doc), type=Submission)


def test_the_example_of_the_protocol_is_read() -> None:
    read = decode(submission())
    assert read.inspectors == (UUID(uid(3)), UUID(uid(4)))
    assert read.finished_at.utcoffset() == timedelta(hours=8)
    first, second = read.answers
    assert first.counts == {"each": 3, "heavy": 1}
    assert first.findings[1].after == (UUID(uid(13)),)
    assert second.veto is not None
    assert second.veto.second == UUID(uid(4))
    assert read.photos[0].position is not None
    assert read.photos[0].pairs is None
    assert read.signature is not None
    assert read.signature.refused is None


def test_unknown_fields_are_passed_over_everywhere() -> None:
    doc = submission() | {"battery": 71}
    doc["answers"][0]["mood"] = "fine"
    doc["answers"][0]["findings"][0]["wind"] = 3
    doc["photos"][0]["camera"] = "x"
    assert decode(doc) == decode(submission())


@pytest.mark.parametrize(
    ("written", "exact"),
    [
        ("89.99", "89.99"),
        ('"89.990"', "89.990"),
        ("0.1", "0.1"),
        ("84", "84"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("9007199254740993", "9007199254740993"),
    ],
)
@pytest.mark.parametrize("field", ["value", "points"])
def test_figures_that_score_keep_every_digit(field: str, written: str, exact: str) -> None:
    read = msgspec.json.decode(f'{{"item": "X", "{field}": {written}}}', type=Answer)
    assert getattr(read, field) == Decimal(exact)
    assert str(getattr(read, field)) == exact


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (["finished_at"], "2026-11-20T08:10:59"),
        (["village"], "110109105210\n"),
        (["village"], "11010910521"),
        (["inspectors"], []),
        (["checklist", "sha256"], "AB" * 32),
        (["position", "lat"], 90.1),
        (["answers", 0, "counts", "each"], 1.5),
        (["answers", 0, "counts", "each"], True),
        (["answers", 0, "value"], True),
        (["answers", 0, "points"], "two"),
        (["answers", 0, "findings", 0, "action"], "hide"),
        (["answers", 0, "findings", 0, "severity"], "tiny"),
        (["answers", 0, "findings", 0, "days"], 0),
        (["answers", 0, "findings", 0, "id"], "p1"),
        (["photos", 0, "size"], 0),
        (["photos", 0, "taken_at"], "2026-11-20 07:00:00"),
    ],
)
def test_a_wrong_shape_is_refused_naming_its_path(path: list[Any], wrong: object) -> None:
    doc = submission()
    place: Any = doc
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    with pytest.raises(msgspec.ValidationError, match=r"\$\." + str(path[0])):
        decode(doc)


def test_nothing_read_can_be_changed() -> None:
    with pytest.raises(AttributeError):
        decode(submission()).answers[0].na = True  # type: ignore[misc]
