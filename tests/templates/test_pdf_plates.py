"""村牌 with names of any length: each stays within its own plate, so that the cut spoils none."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from templates.pdf import PaperPool
from tests.templates.card_sample import words

pytestmark = pytest.mark.slow
NAMES = (
    "安家庄村",
    "东马各庄村新区",
    "上苇甸村搬迁安置居民点",
    "王平镇东马各庄村第二生产合作社原址搬迁安置新村居民点管理委员会筹备组所在村庄",
)
MIDDLE, EDGE = 105 / 25.4 * 72, 10 / 25.4 * 72  # the cut down the sheet and the edge of print, in points


def test_a_long_name_stays_on_its_own_plate(tmp_path: Path) -> None:
    plates: list[dict[str, Any]] = [
        {"village": name, "town": "王平镇", "code": "110109 005 201", "url": "https://example.org/p/1"}
        for name in NAMES
    ]
    pool = PaperPool(1, photo_root=tmp_path)
    try:
        pdf = asyncio.run(
            pool.render(
                "plates",
                {
                    "pages": [plates],
                    "district": "门头沟区",
                    "demo": False,
                    "title": "村牌",
                    "issued_iso": "2026-05-09T09:00:00+08:00",
                },
            )
        )
    finally:
        pool.close()
    (tmp_path / "plates.pdf").write_bytes(pdf)
    placed = [(word, x0, x1) for word, (x0, _, x1, _) in words(tmp_path / "plates.pdf", 1)]
    for at, name in enumerate(NAMES):
        lines = [(x0, x1) for word, x0, x1 in placed if word in name and (x0 > MIDDLE) == (at % 2 == 1)]
        assert lines, (name, placed)
        low, high = (MIDDLE, 2 * MIDDLE - EDGE) if at % 2 else (EDGE, MIDDLE)
        assert all(low < x0 and x1 < high for x0, x1 in lines), (name, lines)
