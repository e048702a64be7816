"""What becomes of a task in the play: short scripts that together leave tasks at every stage. Pure."""

from dataclasses import dataclass
from random import Random

from templates.words import PHRASES

UNIT, TOWN, INSPECTOR = (
    "unit",
    "town",
    "inspector",
)  # whose tablet makes a move; unit: the village's, or its town's for it


@dataclass(frozen=True)
class Move:
    """One act. `to_village`: a reassignment that names the village as the unit."""

    verb: str
    by: str
    text: str = ""
    photo: bool = False
    to_village: bool = False


@dataclass(frozen=True)
class Fate:
    """The unit a finding is first sent to (village, town or department) and the moves that follow."""

    unit: str
    moves: tuple[Move, ...]


def fate(rng: Random) -> Fate:
    """Drawn for one finding."""
    accept = Move("accept", UNIT)
    submit = Move("submit", UNIT, rng.choice(PHRASES["submit"]), photo=True)
    again = Move("submit", UNIT, "按退回意见重新整改，" + rng.choice(PHRASES["submit"]), photo=True)
    reject = Move("reject", INSPECTOR, rng.choice(PHRASES["reject"]))
    passed = Move("pass", INSPECTOR)
    back = Move("return", TOWN, rng.choice(PHRASES["return"]))
    anew = Move("reassign", TOWN, rng.choice(PHRASES["reassign"]), to_village=True)
    on_site = Move("close_on_site", INSPECTOR, "现场查看，已整改到位", photo=True)
    plots = (
        (0.15, "village", ()),
        (0.19, "department", ()),
        (0.31, "village", (accept,)),
        (0.35, "town", (back,)),
        (0.38, "town", (back, anew)),
        (0.51, "village", (accept, submit)),
        (0.57, "village", (accept, submit, reject)),
        (0.64, "village", (accept, submit, reject, again, passed)),
        (0.94, "village", (accept, submit, passed)),
        (1.00, "village", (on_site,)),
    )
    lot = rng.random()
    return next(Fate(unit, moves) for upto, unit, moves in plots if lot < upto)
