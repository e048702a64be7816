"""What the tablets took against what the server holds: every act word for word and once, every photo byte for byte."""

import hashlib
import json

from tests.faults.client import Tablet
from tests.faults.house import House


def same(house: House, tablets: list[Tablet]) -> dict[str, int]:
    """Holds the server's database and its files to the tablets' own notes, then walks the trail. Returns the counts."""
    held = {
        str(row["id"]): row
        for row in house.rows("SELECT id, replica, seq, payload, status, rev FROM command")
    }
    lines = [
        str(row["command_id"])
        for row in house.rows("SELECT command_id FROM change WHERE command_id IS NOT NULL")
    ]
    visits = [str(row["id"]) for row in house.rows("SELECT id FROM inspection")]
    acts = size = applied = 0
    for tablet in tablets:
        assert not tablet.waiting and set(tablet.photos) == tablet.stored
        for seq, (name, text) in enumerate(tablet.texts.items(), 1):
            row, verdict = held.pop(name), tablet.verdicts[name]
            assert str(row["payload"]).encode() == text, f"{name} is not what was sent"
            assert (row["status"], row["rev"]) == (verdict["status"], verdict["rev"])
            assert (str(row["replica"]), row["seq"]) == (tablet.replica, seq), (
                "the order of making is the order of numbers"
            )
            assert lines.count(name) == 1, f"{name} was carried out {lines.count(name)} times"
            command = json.loads(text)
            if command["verb"] == "inspection.submit" and verdict["status"] != "held":
                assert visits.count(command["args"]["inspection"]) == 1
                applied += 1
        [counted] = house.rows(f"SELECT last_seq FROM replica WHERE id = '{tablet.replica}'")
        assert counted["last_seq"] == len(tablet.texts)
        for name, data in tablet.photos.items():
            assert house.blob(name) == data and hashlib.sha256(data).hexdigest() == name
            told = tablet.firmly(
                "look", lambda tablet=tablet, name=name: tablet.call("GET", f"/api/blobs/{name}")
            )
            assert (told.status, told.body) == (200, data)
            size += len(data)
        acts += len(tablet.texts)
    assert not held, f"acts that nobody did: {sorted(held)}"
    assert len(visits) == len(set(visits)) == applied
    states = house.rows("SELECT DISTINCT state FROM photo")
    assert [row["state"] for row in states] == ["stored"] * bool(any(tablet.photos for tablet in tablets))
    assert house.one("SELECT COUNT(*) AS n FROM stranger") == 0
    house.verify()
    return {
        "acts": acts,
        "photos": sum(len(one.photos) for one in tablets),
        "megabytes": round(size / 1e6),
        "lost": 0,
    }
