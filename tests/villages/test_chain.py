"""The line's canonical form: what the quick encoder writes is what RFC 8785 says."""

from typing import Any

import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from villages.changes import line_bytes, line_of

COLUMNS = [
    "district",
    "at",
    "heard_at",
    "person",
    "post",
    "device",
    "verb",
    "subject_kind",
    "subject_id",
    "home",
    "from_stage",
    "to_stage",
    "command_id",
    "body_hash",
]
TEXTS = st.one_of(
    st.none(),
    st.text(),
    st.text(alphabet='\x00\x01\x07\b\t\n\v\f\r\x1f "\\/\x7f\x80\u2028\u2029\ufeff\U0001f600汉é<>&'),
)


@settings(max_examples=300, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(COLUMNS, TEXTS)), st.integers(0, 2**53 - 1))
def test_a_line_is_written_as_the_standard_says(row: dict[str, Any], rev: int) -> None:
    line = line_of({**row, "rev": rev})
    assert line_bytes(line) == rfc8785.dumps(line)
    assert list(line) != sorted(line), "the order is the encoder's doing"
