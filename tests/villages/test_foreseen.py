"""What a change is asked ahead: answered with the number, true until it writes, asked again where it was not foreseen."""

from typing import Any

from tests.worlds import DISTRICT
from villages.changes import SYSTEM, Line, change
from villages.ground.bulk import Question
from villages.ground.settings import Settings

NAME: Question = ("SELECT stat_name FROM town WHERE code = ?", ["110109001"])
OTHER: Question = ("SELECT stat_name FROM town WHERE code = ?", ["110109002"])


async def told(work: Any, *ahead: Question) -> Any:
    return await change(work, district=DISTRICT, actor=SYSTEM, verb="town.rename", ahead=ahead)


async def test_what_was_foreseen_is_not_asked_again(any_district: Settings) -> None:
    async def work(line: Line) -> list[Any]:
        seen = (await line.ask(NAME))[0]
        assert (await line.asked(NAME)) is seen and (await line.ask(NAME))[0] is seen
        return seen

    async def unforeseen(line: Line) -> list[Any]:
        first, second = (await line.ask(NAME))[0], (await line.ask(NAME))[0]
        assert first is not second
        return first

    assert await told(work, OTHER, NAME) == await told(unforeseen) == await told(unforeseen, OTHER) != []


RENAME = "UPDATE town SET stat_name = ? WHERE code = '110109001'"


async def test_an_answer_holds_until_the_change_writes(any_district: Settings) -> None:

    async def work(line: Line) -> list[str]:
        names = [(await line.ask(NAME))[0][0]["stat_name"]]
        line.later(RENAME, "排队改名")
        names.append((await line.asked(NAME))[0]["stat_name"])  # nothing queued bears on it, says who asks so
        names.append((await line.ask(NAME))[0][0]["stat_name"])
        names.append((await line.ask(NAME))[0][0]["stat_name"])
        await line.run(RENAME, "当场改名")
        names.append((await line.asked(NAME))[0]["stat_name"])
        return names

    first, second, third, again, last = await told(work, NAME)
    assert first == second != third == again == "排队改名"
    assert last == "当场改名"


async def test_a_statement_run_at_once_ends_it_too(any_district: Settings) -> None:
    async def work(line: Line) -> str:
        await line.run(RENAME, "当场改名")
        return str((await line.asked(NAME))[0]["stat_name"])

    assert await told(work, NAME) == "当场改名"
