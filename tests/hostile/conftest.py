"""The template of the attacked house, made once, and a house of one's own for a scenario."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.hostile import invariants
from tests.hostile.world import Template, World, make_template


@pytest.fixture(scope="session")
def hostile_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The data folder and what the tablets hold at the beginning."""
    return asyncio.run(make_template(tmp_path_factory.mktemp("hostile")))


@pytest.fixture
async def world(tmp_path: Path, hostile_template: Template) -> AsyncIterator[World]:
    """A house with tablets that have pulled; every answer is watched."""
    made = await World.begin(hostile_template, tmp_path / "house")
    made.watchers.append(invariants.watch)
    try:
        yield made
    finally:
        await made.stop()
