"""The wire's schema file says what the code says, and never less than it once did."""

import json

from offline_sync.wire_schema import PATH, text


def test_the_schema_file_is_true() -> None:
    assert PATH.read_text(encoding="utf-8") == text(), (
        "run `python manage.py wire-schema` and read what changed"
    )


def test_the_contract_is_in_it() -> None:
    shapes = json.loads(text())["$defs"]
    assert set(shapes["PushOut"]["properties"]) >= {"last_seq", "server_time", "backup_horizon", "results"}
    assert set(shapes["PullOut"]["properties"]) >= {
        "epoch", "head", "more", "server_time", "min_build", "backup_horizon", "drop", "scopes", "floor", "changes",
        "sums",
    }  # fmt: skip
    assert set(shapes["Submission"]["properties"]) >= {
        "inspection", "round", "village", "checklist", "inspectors", "started_at", "finished_at", "position",
        "answers", "signature", "village_remarks", "photos",
    }  # fmt: skip
    assert set(shapes["Answer"]["properties"]) >= {
        "item", "counts", "level", "yes", "value", "points", "drawn", "failed", "na", "note", "veto", "findings",
    }  # fmt: skip
