"""The state machine: whatever people, tablets, the network and the server's fate bring, in any order.

Every step is followed by `every_step`, every answer is watched, and each run ends with a good road and `at_the_end`.
"""

import asyncio
import logging
import tempfile
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import structlog
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dispatch.stages import ROWS
from tests.hostile import invariants, previews
from tests.hostile.network import FAULTS, GOOD
from tests.hostile.tablet import Tablet, sign_in, sync
from tests.hostile.world import HOME, NEXT, TABLETS, VILLAGES, WATER, Template, World
from tests.offline_sync.tablet import photo, picture
from villages.ground import clock
from villages.ground.ids import new_id

BAD_ROAD = st.lists(st.sampled_from((*FAULTS, GOOD, GOOD)), min_size=1, max_size=6)
TABLET = st.integers(0, len(TABLETS) - 1)
SMALL = st.integers(0, 8)
# The ordinary life oftener than the rest, so that tasks get on.
VERBS = (
    *sorted(set(ROWS) - {"dispatch"}),
    "accept",
    "submit",
    "submit",
    "pass",
    "reassign",
    "reassign",
    "note",
)
POSTS = (("inspector", "inspector", HOME), ("inspector", "inspector", NEXT), ("inspector2", "inspector", NEXT),
         ("village", "village_committee", VILLAGES[1]), ("town", "town_operator", HOME), ("water", "line_department", WATER),
         ("water", "village_committee", VILLAGES[0]), ("office2", "inspector", HOME))  # fmt: skip
UNITS = (WATER, "110109-d04", VILLAGES[0], HOME)
# What can happen, how often beside the others, and by what it differs.
ACTS: dict[str, tuple[int, dict[str, st.SearchStrategy[Any]]]] = {
    "visit": (4, {"tablet": st.sampled_from((0, 0, 0, 1, 3)), "village": SMALL, "photos": st.integers(0, 2),
                  "unit": st.sampled_from((None, WATER))}),
    "move": (8, {"tablet": TABLET, "verb": st.sampled_from(VERBS), "task": SMALL, "photos": st.integers(0, 1),
                 "behind": st.sampled_from((0, 0, 3)), "unit": st.sampled_from(UNITS),
                 "fitting": st.integers(0, 20), "days": st.sampled_from((3, 40, 4000))}),
    "locate": (1, {"tablet": TABLET, "village": SMALL, "shown": st.booleans()}),
    "partner": (1, {"tablet": TABLET, "place": SMALL}),
    "dismiss": (1, {"tablet": TABLET}),
    "strange": (1, {"tablet": TABLET, "how": st.sampled_from(("verb", "version", "shape", "large"))}),
    "sync_badly": (8, {"tablet": st.integers(0, len(TABLETS)), "faults": BAD_ROAD, "page": st.sampled_from((12, 40, 500)),
                       "most": st.sampled_from((1, 2, 50))}),
    "sync_well": (4, {"tablet": st.integers(0, len(TABLETS)), "page": st.sampled_from((12, 500))}),
    "late_request": (2, {"place": SMALL}), "late_answer": (2, {"place": SMALL}),
    "change_hands": (2, {"tablet": TABLET}), "tablet_dies": (1, {"tablet": TABLET}),
    "old_copy": (1, {"tablet": TABLET}), "id_reuse": (1, {"tablet": TABLET}),
    "posts": (3, {"post": st.sampled_from(POSTS), "give": st.booleans()}),
    "account_ends": (1, {"name": st.sampled_from(("inspector", "inspector2", "village")), "disabled": st.booleans()}),
    "device_ends": (1, {"name": st.sampled_from(("inspector", "inspector2", "town")), "off": st.booleans()}),
    "decided": (2, {"place": SMALL, "ways": st.sampled_from((("approve",), ("note",), ("decline",), ("approve", "decline")))}),
    "amended": (1, {"tablet": st.sampled_from((0, 0, 3)), "place": SMALL, "behind": st.sampled_from((0, 0, 5))}),
    "voided": (1, {"tablet": st.sampled_from((3, 3, 0)), "place": SMALL}),
    "finished": (2, {"verb": st.sampled_from(("cancel", "cancel", "pass", "close")), "place": SMALL}),
    "towns": (1, {"town": st.sampled_from((HOME, HOME, NEXT, ""))}),
    "published": (1, {}), "months": (1, {}), "signed_in": (1, {"tablet": TABLET}),
    "cache_lost": (1, {"tablet": TABLET, "how": st.sampled_from(("one", "all", "ahead")), "nth": SMALL}),
    "preview": (3, {"tablet": TABLET, "place": st.integers(-1, 12), "how": st.sampled_from(previews.BODIES),
                    "fault": st.sampled_from((*FAULTS, GOOD, GOOD)), "deposit": st.booleans(),
                    "method": st.sampled_from(("PUT", "PUT", "PUT", "POST"))}),
    "look": (2, {"tablet": TABLET, "place": st.integers(-1, 12), "wide": st.booleans()}),
    "power_cut": (1, {}), "back_up": (1, {"weeks": st.integers(0, 2)}), "restore": (2, {}),
}  # fmt: skip


def _act(name: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(name), st.fixed_dictionaries(ACTS[name][1]))


ACT = st.sampled_from([name for name, (often, _) in ACTS.items() for _ in range(often)]).flatmap(_act)


async def drain(world: World) -> None:
    """The road is good, what was under way arrives, accounts are in force, and every tablet syncs for everybody."""
    world.road.faults.clear()
    while world.road.limbo:
        await world.road.deliver(0)
    while world.road.late:
        world.road.hear(0)
    for name in {name for tablet in world.tablets for name in tablet.stores}:
        await world.disable(name, False)
        await world.revoke(name, False)
    for tablet in world.tablets:
        tablet.die()
    for _ in range(2):  # the second time with what the others brought
        for tablet in world.tablets:
            for name in tablet.stores:
                tablet.current = name
                if not await sync(tablet, world.road):
                    await sign_in(tablet, tablet.mine, world.road)
                    await sync(tablet, world.road)
    for tablet in world.tablets:
        for name in tablet.stores:
            tablet.current = name
            assert await sync(tablet, world.road), f"I5: {tablet.name} does not come to an end"


class Hostile(RuleBasedStateMachine):
    """Tablets against the house."""

    template: ClassVar[Template]
    saw: ClassVar[set[str]] = (
        set()
    )  # what came to pass over all runs, so that a rule that never works is noticed

    def __init__(self) -> None:
        super().__init__()
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory(prefix="xuncun-hostile-")
        self.backed_up = self.restored = self.slept = False
        self.world: World

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize()
    def begin(self) -> None:
        self.world = self.run(World.begin(self.template, Path(self.folder.name) / "house"))
        self.world.watchers.append(invariants.watch)

    @rule(act=ACT)
    def turn(self, act: tuple[str, dict[str, Any]]) -> None:
        """One rule for all: the machine's own way is to leave most rules out of most runs."""
        name, how = act
        getattr(self, name)(**how)

    def tablet(self, place: int) -> Tablet:
        return self.world.tablets[min(place, len(self.world.tablets) - 1)]

    # ------------------------------------------------------------ people

    def visit(self, tablet: int, village: int, photos: int, unit: str | None) -> None:
        self.world.visit(self.tablet(tablet), VILLAGES[village], photos, unit=unit)

    def move(
        self, tablet: int, verb: str, fitting: int, task: int, photos: int, behind: int, unit: str, days: int
    ) -> None:
        one = self.tablet(tablet)
        verb = self.world.fitting(one, task, fitting) if fitting else verb
        more: dict[str, Any] = {"unit": unit} if verb == "reassign" else {}
        more |= self.world.beside(one, verb, task, unit)
        if ROWS[verb].until:
            more["until"] = clock.rfc3339(clock.now() + timedelta(days=days))
        self.world.on_task(one, verb, task, ROWS[verb].photo or photos, behind, **more)

    def locate(self, tablet: int, village: int, shown: bool) -> None:
        shots = [picture(str(new_id()))] if shown else []
        place = {"lat": 39.9, "lng": 116.0, "accuracy": 5}
        args = {"village": VILLAGES[village], "position": place, "photo": photo(shots[0]) if shots else None}
        self.world.act(self.tablet(tablet), "village.locate", args, shots)

    def partner(self, tablet: int, place: int) -> None:
        """Photos for a visit that may not be there yet, or never will."""
        visits = sorted(made.entry.args["inspection"] for made in self.world.made.values() if made.entry.verb == "inspection.submit"
                        and isinstance(made.entry.args, dict) and "answers" in made.entry.args)  # fmt: skip
        visit = visits[place % len(visits)] if visits and place < 6 else str(new_id())
        shot = picture(str(new_id()))
        args = {"inspection": visit, "item": "RE-1.1", "finding": None, "photos": [photo(shot)]}
        self.world.act(self.tablet(tablet), "inspection.evidence", args, [shot])

    def amended(self, tablet: int, place: int, behind: int) -> None:
        """A visit that this tablet knows is put right, or somebody else's is tried."""
        self.world.amend(self.tablet(tablet), place, behind)

    def voided(self, tablet: int, place: int) -> None:
        known = self.tablet(tablet).mine.of("inspection")
        if known:
            args = {"inspection": known[place % len(known)]["id"], "reason": "重复检查"}
            self.world.act(self.tablet(tablet), "inspection.void", args)

    def dismiss(self, tablet: int) -> None:
        for card in [one for one in self.tablet(tablet).mine.of("card") if not one["dismissed"]][:1]:
            self.world.act(self.tablet(tablet), "card.dismiss", {"card": card["id"]})

    def strange(self, tablet: int, how: str) -> None:
        """A newer tablet's act, one without sense, one that is too large for any push."""
        shot = picture(str(new_id()))
        args: dict[str, Any] = {
            "village": VILLAGES[0],
            "photos": [photo(shot)],
            "more": "长" * 100_000 if how == "large" else "",
        }
        verb = "village.bless" if how == "verb" else "inspection.submit"
        large = how == "large"
        self.world.act(self.tablet(tablet), verb, args, [shot], v=9 if how == "version" else 1, large=large)

    def finished(self, verb: str, place: int) -> None:
        """The office ends a task that it carries."""
        white = self.world.tablets[3]
        white.current = "office2"
        self.world.carry(white, HOME)
        self.world.on_task(white, verb, place)

    def preview(self, tablet: int, place: int, how: str, fault: str, deposit: bool, method: str) -> None:
        self.world.road.faults = [fault]
        self.run(
            previews.send(
                self.world, self.tablet(tablet), self.shot(place), how, method=method, deposit=deposit
            )
        )
        self.world.road.faults = []

    def look(self, tablet: int, place: int, wide: bool) -> None:
        self.run(previews.look(self.world, self.tablet(tablet), self.shot(place), wide))

    def shot(self, place: int) -> str:
        """The hash of a photo that somebody took, announced or not; of none at -1."""
        taken = sorted(self.world.shots)
        return taken[place % len(taken)] if taken and place >= 0 else "0" * 64

    # ------------------------------------------------------------ tablets

    def towns(self, town: str) -> None:
        white = self.world.tablets[3]
        white.current = "office2"
        self.world.carry(white, *([town] if town else []))

    def cache_lost(self, tablet: int, how: str, nth: int) -> None:
        self.world.lose(self.tablet(tablet), how, nth)

    def signed_in(self, tablet: int) -> None:
        one = self.tablet(tablet)
        self.run(sign_in(one, one.mine, self.world.road))

    def sync_badly(self, tablet: int, faults: list[str], page: int, most: int) -> None:
        self.world.road.faults = list(faults)
        self.run(sync(self.tablet(tablet), self.world.road, page=page, most=most))
        self.world.road.faults = []

    def sync_well(self, tablet: int, page: int) -> None:
        ways = [self.run(sync(self.tablet(tablet), self.world.road, page=page)) for _ in range(2)]
        if all(ways):  # the second time with what the others on the tablet handed in after the first pull
            self.run(invariants.complete(self.tablet(tablet).mine))

    def late_request(self, place: int) -> None:
        self.run(self.world.road.deliver(place))

    def late_answer(self, place: int) -> None:
        self.world.road.hear(place)

    def change_hands(self, tablet: int) -> None:
        one = self.tablet(tablet)
        names = list(one.stores)
        one.current = names[(names.index(one.current) + 1) % len(names)]

    def tablet_dies(self, tablet: int) -> None:
        self.tablet(tablet).die()

    def old_copy(self, tablet: int) -> None:
        """A tablet brought back from a copy of itself, while the first goes on: one replica, counted twice."""
        one = self.tablet(tablet)
        if len(self.world.tablets) > len(TABLETS):
            return
        self.world.tablets.append(Tablet(f"{one.name} again", {one.current: one.mine.copy()}, one.current))

    def id_reuse(self, tablet: int) -> None:
        self.world.reuse(self.tablet(tablet))

    # ------------------------------------------------------------ the office and the server

    def posts(self, post: tuple[str, str, str], give: bool) -> None:
        self.run(self.world.post(*post, give=give))

    def account_ends(self, name: str, disabled: bool) -> None:
        self.run(self.world.disable(name, disabled))

    def device_ends(self, name: str, off: bool) -> None:
        self.run(self.world.revoke(name, off))

    def decided(self, place: int, ways: tuple[str, ...]) -> None:
        self.run(self.world.decide(place, *ways))

    def published(self) -> None:
        """Often a little later: what is published early takes no more visits."""
        if len(self.world.made) > 3:
            self.run(self.world.publish())

    def months(self) -> None:
        if not self.slept:
            self.slept = True
            self.run(self.world.months())

    def power_cut(self) -> None:
        self.run(self.world.restart())

    def back_up(self, weeks: int) -> None:
        if self.backed_up:
            return
        self.backed_up = True
        self.run(self.world.backup())
        self.world.weeks += weeks

    def restore(self) -> None:
        if self.restored or not self.backed_up:
            return
        self.restored = True
        self.run(self.world.restore())

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "world"):
            self.run(invariants.every_step(self.world))

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                try:
                    self.run(drain(self.world))
                    self.run(invariants.every_step(self.world))
                    self.run(invariants.at_the_end(self.world))
                    self.saw |= {told[0] for told in self.world.verdicts.values()} | {GOOD}
                finally:
                    self.run(self.world.stop())
        finally:
            self.runner.close()
            self.folder.cleanup()
