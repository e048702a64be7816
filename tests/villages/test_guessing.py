"""Guessing is counted, whoever guesses at once; a shared address is not shut for its people's slips of many days."""

import asyncio
import contextlib
from datetime import datetime, timedelta

import pytest

from villages import people
from villages.changes import SYSTEM, Line, change
from villages.ground import clock
from villages.ground.problems import Problem
from villages.ground.settings import Settings
from villages.models import Person, Session, SignInTry
from villages.people import (
    _count_miss,
    check_password,
    create_person,
    hash_password,
    open_session,
    set_password,
    who_is,
)

ADDRESS = "10.0.0.1"


async def person(name: str = "li") -> Person:
    hashed = await hash_password("right password")

    async def work(line: Line) -> Person:
        return await create_person(
            line, name=name, title=name, phone="", password_hash=hashed, must_change=False, posts=[]
        )

    return await change(work, district="110109", actor=SYSTEM, verb="person.create")


async def miss(name: str, address: str = ADDRESS) -> str:
    with pytest.raises(Problem) as refused:
        await check_password(name, "wrong", address)
    return refused.value.code


async def test_guesses_made_at_once_are_all_counted(district: Settings) -> None:
    await person()
    await asyncio.gather(*(_count_miss(("name:li",)) for _ in range(12)))
    assert (await SignInTry.get(key="name:li")).misses == 12
    assert await miss("li") == "locked"


async def test_a_shared_address_is_not_shut_by_slips_of_many_days(
    district: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every town hall sits behind one address: a few slips an hour must never add up to a lock."""
    await person()
    now = clock.now()
    passed = timedelta()

    def later() -> datetime:
        return now + passed

    monkeypatch.setattr(clock, "now", later)
    for number in range(70):
        assert await miss(f"somebody{number}") == "wrong_password", number
        passed += timedelta(minutes=20)
    assert (await check_password("li", "right password", ADDRESS)).name == "li"


async def test_an_address_that_guesses_fast_is_shut(district: Settings) -> None:
    await person()
    told = [await miss(f"somebody{number}") for number in range(60)]
    assert told[:50] == ["wrong_password"] * 50 and told[-1] == "locked"
    with pytest.raises(Problem):
        await check_password("li", "right password", ADDRESS)
    assert (await check_password("li", "right password", "10.9.9.9")).name == "li"


async def test_a_new_password_ends_other_sign_ins_in_the_same_breath(
    district: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that dies right after the change must not leave the thief signed in."""
    li = await person()
    mine, _ = await open_session(li, "desk", device=None, label="")
    theirs, _ = await open_session(li, "desk", device=None, label="")

    async def died(work: object) -> None:
        raise RuntimeError("the server died")

    monkeypatch.setattr(people, "shielded", died)
    with contextlib.suppress(RuntimeError):
        await set_password(await who_is(li, mine), "right password", "another password")
    assert (await Session.get(id=theirs.id)).revoked and not (await Session.get(id=mine.id)).revoked
