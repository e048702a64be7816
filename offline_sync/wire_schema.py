"""The wire's shapes as a JSON Schema file, for the tablet's types and for other people's programs."""

import json
from pathlib import Path

import msgspec

from offline_sync.protocol import WIRE

PATH = Path(__file__).parent.parent / "docs" / "wire.schema.json"


def text() -> str:
    """The schema (JSON Schema 2020-12) as it must stand in docs/, ending in a newline."""
    _, components = msgspec.json.schema_components(WIRE, ref_template="#/$defs/{name}")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Xuncun wire",
        "description": "Generated from offline_sync/protocol.py by `manage.py wire-schema`.",
        "$defs": components,
    }
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
