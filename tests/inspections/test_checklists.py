"""Checklist versions in a real database."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from inspections.checklists import (
    BUILTIN,
    DATA,
    checklist_by_sha,
    load_builtin,
    load_checklist,
    newest_version,
    read_yaml,
)
from inspections.models import ChecklistVersion
from inspections.sheet import ChecklistError, checklist_sha256
from villages.changes import SYSTEM, Line, change
from villages.ground.database import open_database
from villages.ground.problems import Problem
from villages.ground.settings import Settings

DISTRICT = "110109"


@pytest.fixture
async def district(settings: Settings) -> AsyncIterator[str]:
    async with open_database(settings):
        yield DISTRICT


async def load(document: dict[str, Any]) -> ChecklistVersion:
    async def work(line: Line) -> ChecklistVersion:
        return await load_checklist(line, document)

    return await change(work, district=DISTRICT, actor=SYSTEM, verb="checklist.publish")


async def test_both_builtin_checklists_come_in_once_and_are_found_again(district: str) -> None:
    first = await load_builtin(district)
    again = await load_builtin(district)
    assert {row.code for row in first} == {"RE", "PO"}
    assert [row.sha256 for row in again] == [row.sha256 for row in first]
    assert {row.rev for row in await ChecklistVersion.all()} == {first[0].rev}
    rural = await newest_version(district, "RE")
    assert rural.sha256 == checklist_sha256(rural.body)
    parsed = await checklist_by_sha(rural.sha256)
    assert len(parsed.items) == 42 and parsed is await checklist_by_sha(rural.sha256)


async def test_a_version_never_changes_its_content(district: str) -> None:
    document = read_yaml(DATA / BUILTIN[0])
    old = await load(document)
    document["sections"][0]["items"][0]["text"] = "另一句话"
    with pytest.raises(Problem) as refused:
        await load(document)
    assert old.sha256[:12] in refused.value.sentence
    assert checklist_sha256(document)[:12] in refused.value.sentence
    document["checklist"]["version"] = "1.1"
    new = await load(document)
    assert (await newest_version(district, "RE")).sha256 == new.sha256
    assert (await checklist_by_sha(old.sha256)).version == "1.0"


async def test_a_retired_version_is_no_longer_the_newest(district: str) -> None:
    row = await load(read_yaml(DATA / BUILTIN[0]))
    await ChecklistVersion.filter(sha256=row.sha256).update(stage="retired")
    with pytest.raises(Problem):
        await newest_version(district, "RE")


async def test_a_broken_checklist_leaves_nothing(district: str) -> None:
    document = read_yaml(DATA / BUILTIN[0])
    document["sections"][0]["weight"] = 99
    with pytest.raises(ChecklistError):
        await load(document)
    assert not await ChecklistVersion.exists()
