"""No page leads the person who reads it to a refusal, or a label to another form's field."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.dispatch.desk_house import NEIGHBOUR, WATER, at_desk, house, some_tasks

LINK = re.compile(r'<a\b[^>]*\bhref="(/[^"#]*)"')
FILES = re.compile(r"\.(pdf|xlsx|json)$|^/(api|static)/")
KIND = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b\d{6,12}\b|=[^&]*")

EACH = 4


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as made:
        yield made


@pytest.mark.parametrize("name", ["admin", "office", "town", "inspector", "village", "water"])
async def test_every_link_on_a_persons_pages_opens(app: Starlette, name: str) -> None:
    """Walked from 今日, a few links of each kind; what makes a file is another test's."""
    await some_tasks(2)
    await some_tasks(1, village=NEIGHBOUR, unit=WATER)
    seen: Counter[tuple[str, str]] = Counter()
    waiting, met = ["/"], {"/"}
    async with at_desk(app, name) as desk:
        while waiting:
            href = waiting.pop(0)
            page = await desk.get(href)
            ids = re.findall(r' id="([^"]+)"', page)
            assert len(ids) == len(set(ids)), (href, [one for one in ids if ids.count(one) > 1])
            for link in LINK.findall(page):
                target = unescape(link)
                kind = KIND.sub("*", href), KIND.sub("*", target)
                if target not in met and seen[kind] < EACH and not FILES.search(target.split("?")[0]):
                    seen[kind] += 1
                    met.add(target)
                    waiting.append(target)
    assert len(met) > 5


async def test_whoever_has_the_desk_finds_the_ledger(app: Starlette) -> None:
    """From the rail, and from a list for just what that list shows."""
    await some_tasks(1)
    for name in ("office", "town", "inspector"):
        async with at_desk(app, name) as desk:
            assert '<a href="/ledger"' in await desk.get("/"), name
            assert 'href="/ledger?stage=dispatched"' in await desk.get("/tasks?stage=dispatched"), name
            # The ledger knows no marks: a list that has one would come out as another.
            assert "导出台账" not in await desk.get("/tasks?mark=raised"), name
