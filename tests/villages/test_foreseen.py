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


async def test_an_answer_holds_until_the_change_writes(any_district: Settings) -> None:
    rename = "UPDATE town SET stat_name = ? WHERE code = '110109001'"

    async def work(line: Line) -> list[str]:
        names = [(await line.ask(NAME))[0][0]["stat_name"]]
        line.later(rename, "排队改名")
        names.append((await line.asked(NAME))[0]["stat_name"])  # nothing queued bears on it, says who asks so
        names.append((await line.ask(NAME))[0][0]["stat_name"])
        await line.run(rename, "当场改名")
        names.append((await line.asked(NAME))[0]["stat_name"])
        return names

    first, second, third, fourth = await told(work, NAME)
    assert first == second != third == "排队改名"
    assert fourth == "当场改名"
