"""The table of moves, row by row and condition by condition."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import stages
from dispatch.refusals import sentence
from dispatch.stages import ROWS, STAGES, Already, Facts, Move, Refusal, judge
from templates import words
from tests.dispatch.cast import DISTRICT, FAR, NEIGHBOUR, OTHER_TOWN, POWER, TOWN, VILLAGE, WATER
from villages.permissions import MAY

PLACES = {
    "inspector": VILLAGE, "town_operator": TOWN, "village_committee": VILLAGE, "line_department": WATER,
    "district_office": DISTRICT, "system": "", "admin": DISTRICT,
}  # fmt: skip
# product.md, "Tasks": verb → from → to, and who. Written out again, so that a slip in the table shows.
PRODUCT = {
    "accept": ("dispatched", "accepted", "village_committee line_department town_operator"),
    "return": ("dispatched accepted", "returned", "village_committee line_department town_operator"),
    "reassign": ("returned dispatched accepted", "dispatched", "town_operator district_office"),
    "submit": ("dispatched accepted", "submitted", "village_committee line_department town_operator"),
    "reject": ("submitted checked", "accepted", "town_operator inspector district_office"),
    "pass": ("submitted", "checked closed", "town_operator inspector district_office"),
    "close": ("checked", "closed", "district_office"),
    "close_on_site": ("dispatched accepted submitted", "closed", "inspector"),
    "cancel": ("dispatched accepted submitted checked returned", "cancelled",
               "town_operator district_office system"),
    "extend": (" ".join(sorted(stages.OPEN)), "", "village_committee line_department town_operator"),
    "extend_grant": (" ".join(sorted(stages.OPEN)), "", "town_operator district_office"),
    "extend_refuse": (" ".join(sorted(stages.OPEN)), "", "town_operator district_office"),
    "defer": (" ".join(sorted(stages.OPEN)), "deferred", "district_office"),
    "resume": ("deferred", "accepted", "district_office"),
    "reopen": ("closed", "accepted", "inspector district_office"),
    "supervise": (" ".join(sorted(stages.OPEN)), "", "district_office system"),
    "merge": ("dispatched accepted returned", "cancelled", "town_operator district_office"),
    "urge": (" ".join(sorted(stages.OPEN)), "", "town_operator district_office"),
    "split": ("dispatched accepted", "", "town_operator district_office"),
    "sweep": ("dispatched accepted submitted checked closed returned deferred", "", "town_operator district_office"),
    "sweep_answer": ("dispatched accepted submitted checked closed returned deferred", "",
                     "village_committee line_department town_operator"),
    "look_back": ("closed", "", "inspector"),
    "take_back": ("accepted checked closed", "dispatched submitted",
                  "inspector town_operator village_committee line_department district_office"),
    "link": (" ".join(STAGES), "", "inspector town_operator district_office"),
    "note": (" ".join(STAGES), "", "inspector town_operator village_committee line_department district_office"),
}  # fmt: skip
# How far a post must reach, again written out.
REACH = {
    "unit": "return", "unit_or_town": "accept submit extend sweep_answer", "seen": "note take_back",
    "inside": "reassign extend_grant extend_refuse split sweep",
    "place": "dispatch reject pass close close_on_site cancel defer resume reopen supervise merge link urge look_back",
}  # fmt: skip


def facts(verb: str, stage: str, role: str = "", **more: object) -> Facts:
    """Facts by which the verb goes through, from a role that may."""
    chosen = role or ROWS[verb].roles[0]
    place = PLACES[chosen]
    unit = WATER if chosen == "line_department" else VILLAGE
    if verb == "return" and chosen == "town_operator":
        unit = TOWN
    sound = Facts(
        stage, VILLAGE, unit, chosen, place, person="me", submitters=frozenset({"other"}), text="原因", photos=1,
        fresh=1, new_unit=TOWN, until=True, into=True, asked=verb in ("extend_grant", "extend_refuse"), asked_by="somebody",
        shots=True, sweeping=verb == "sweep_answer", drawn=True, undo_to="submitted",
    )  # fmt: skip
    return replace(sound, **more)  # type: ignore[arg-type]


def test_the_table_is_the_products() -> None:
    told = {
        verb: (set(row.froms), set(row.to), set(row.roles))
        for verb, row in ROWS.items()
        if verb != "dispatch"
    }
    assert told == {
        verb: (set(froms.split()), set(to.split()), set(roles.split()))
        for verb, (froms, to, roles) in PRODUCT.items()
    }


def test_how_far_each_verb_reaches() -> None:
    assert {verb: row.reach for verb, row in ROWS.items()} == {
        verb: reach for reach, verbs in REACH.items() for verb in verbs.split()
    }
    far = {"inspector": FAR, "town_operator": OTHER_TOWN, "village_committee": NEIGHBOUR, "line_department": POWER,
           "district_office": "110108"}  # fmt: skip
    for verb, row in ROWS.items():
        for role in set(row.roles) - {"system"}:
            got = judge(verb, facts(verb, row.froms[0], role, place=far[role], photos=0))
            assert got == Refusal("rejected", "forbidden", "reach"), (verb, role)


def test_open_and_finished() -> None:
    assert {"dispatched", "accepted", "submitted", "checked", "returned"} == stages.OPEN
    assert {"closed", "cancelled"} == stages.FINISHED
    assert set(STAGES) - stages.OPEN - stages.FINISHED == {"deferred"}


def test_permission_table_words_and_this_table_agree() -> None:
    allowed = {
        verb.removeprefix("task."): set(roles) for verb, roles in MAY.items() if verb.startswith("task.")
    }
    assert allowed == {verb: set(row.roles) - {"system"} for verb, row in ROWS.items()}
    assert all(f"task.{verb}" in words.VERB for verb in ROWS)
    assert set(words.STAGE) == set(STAGES)


@pytest.mark.parametrize("verb", PRODUCT)
def test_each_verb_from_each_stage_by_each_role(verb: str) -> None:
    froms, to, roles = (set(part.split()) for part in PRODUCT[verb])
    for role in PLACES:
        for stage in STAGES:
            got = judge(verb, facts(verb, stage, role) if role in roles else facts(verb, stage, role=role))
            if role not in roles:
                assert isinstance(got, Refusal), (role, stage)
                assert got.why == "role"
            elif stage in froms:
                assert isinstance(got, Move), (role, stage, got)
                assert got.to in (to or {stage})
            elif stage in to:
                assert got == Already(stage)
            else:
                assert got == Refusal("conflict", "invalid", "stage"), "it carries a photo"


def test_an_illegal_bare_move_is_rejected_if_current_and_a_conflict_if_stale() -> None:
    now = facts("accept", "closed", photos=0, fresh=0)
    assert judge("accept", now) == Refusal("rejected", "invalid", "stage")
    assert judge("accept", replace(now, stale=True)) == Refusal("conflict", "stale_stage", "stale")


@pytest.mark.parametrize("verb", [verb for verb, row in ROWS.items() if row.to and verb != "dispatch"])
def test_a_higher_authority_meanwhile_defeats_every_move_but_not_what_is_so_already(verb: str) -> None:
    row = ROWS[verb]
    met = facts(verb, row.froms[0], stale=True, outranked=True)
    assert judge(verb, met) == Refusal("conflict", "stale_stage", "stale")
    there = replace(met, stage=row.to[0], new_unit=met.unit)
    assert judge(verb, there) == Already(row.to[0])


def test_a_note_is_never_defeated_and_never_moves() -> None:
    assert judge("note", facts("note", "closed", stale=True, outranked=True)) == Move("closed", moves=False)


def test_a_note_of_nothing() -> None:
    assert judge("note", facts("note", "closed", text=" ", photos=0)) == Refusal(
        "rejected", "invalid", "text"
    )
    assert isinstance(judge("note", facts("note", "closed", text="", photos=1)), Move)


@pytest.mark.parametrize("verb", ["submit", "close_on_site", "look_back"])
def test_a_fresh_photo_is_needed(verb: str) -> None:
    bare = facts(verb, PRODUCT[verb][0].split()[0], photos=0, fresh=0, text="")
    assert judge(verb, bare) == Refusal("rejected", "invalid", "photo")
    assert judge(verb, replace(bare, text="已清理")) == Refusal("conflict", "invalid", "photo")
    assert judge(verb, replace(bare, photos=2)) == Refusal("conflict", "invalid", "photo"), "shown before"


@pytest.mark.parametrize("verb", [verb for verb, row in ROWS.items() if row.text and verb != "dispatch"])
def test_a_reason_is_needed(verb: str) -> None:
    silent = facts(verb, PRODUCT[verb][0].split()[0], text="  ", photos=0, fresh=1)
    assert judge(verb, silent) == Refusal("rejected", "invalid", "text")
    assert judge(verb, replace(silent, photos=1)) == Refusal("conflict", "invalid", "text")


@pytest.mark.parametrize("verb", ["pass", "reject", "close", "close_on_site", "look_back"])
def test_whoever_submitted_does_not_review(verb: str) -> None:
    stage = {"close": "checked", "look_back": "closed"}.get(verb, "submitted")
    mine = facts(verb, stage, submitters=frozenset({"other", "me"}), photos=0)
    assert judge(verb, mine) == Refusal("rejected", "forbidden", "self_review")
    assert judge(verb, replace(mine, photos=1)) == Refusal("conflict", "forbidden", "self_review")


def test_taking_back_leads_where_the_move_came_from() -> None:
    assert judge("take_back", facts("take_back", "closed")) == Move("submitted")
    assert judge("take_back", facts("take_back", "accepted", undo_to="dispatched")) == Move("dispatched")


def test_pass_goes_to_the_office_when_critical_or_drawn() -> None:
    assert judge("pass", facts("pass", "submitted")) == Move("closed")
    assert judge("pass", facts("pass", "submitted", to_check=True)) == Move("checked")


ASKING = [
    ("extend", {"until": False}, "until"), ("extend", {"text": " "}, "text"), ("extend", {"in_time": False}, "late"),
    ("extend", {"asked": True}, "asked"), ("extend", {"extended": True}, "once"),
    ("extend_grant", {"asked": False}, "not_asked"), ("extend_grant", {"asked_by": "me"}, "own_asking"),
    ("extend_grant", {"beyond": True}, "beyond"), ("extend_refuse", {"asked": False}, "not_asked"),
    ("extend_refuse", {"asked_by": "me"}, "own_asking"), ("extend_refuse", {"text": ""}, "text"),
    ("defer", {"until": False}, "until"), ("defer", {"text": ""}, "text"), ("resume", {"text": ""}, "text"),
    ("reopen", {"fresh": 0}, "photo"), ("reopen", {"text": ""}, "text"), ("supervise", {"text": ""}, "text"),
    ("urge", {"urged": True}, "urged"), ("split", {"shots": False}, "shots"), ("split", {"text": ""}, "text"),
    ("split", {"new_unit": FAR}, "unit"), ("sweep", {"sweeping": True}, "sweeping"), ("sweep", {"text": ""}, "text"),
    ("sweep", {"until": False}, "until"), ("sweep_answer", {"sweeping": False}, "not_swept"),
    ("sweep_answer", {"text": ""}, "text"), ("look_back", {"fresh": 0}, "photo"), ("look_back", {"drawn": False}, "not_drawn"),
    ("take_back", {"undo_to": ""}, "not_undone"),
    ("merge", {"into": False}, "into"), ("merge", {"text": ""}, "text"), ("link", {"into": False}, "into"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "change", "why"), ASKING)
def test_what_each_new_verb_must_carry(verb: str, change: dict[str, object], why: str) -> None:
    """One condition fails at a time; with all of them met the verb goes through."""
    sound = facts(verb, ROWS[verb].froms[0], photos=0)
    assert isinstance(judge(verb, sound), Move)
    got = judge(verb, replace(sound, **change))  # type: ignore[arg-type]
    assert isinstance(got, Refusal)
    assert (got.reason, got.why) == ("invalid", why)
    told = sentence(verb, got, sound.stage)
    assert told.endswith("。") and "{" not in told


def test_time_beyond_the_items_own_is_the_offices_to_give() -> None:
    longer = facts("extend_grant", "accepted", "district_office", beyond=True)
    assert judge("extend_grant", longer) == Move("accepted", moves=False)


def test_asking_and_pressing_never_move_a_task_and_are_not_outranked() -> None:
    for verb in (
        "extend",
        "extend_grant",
        "extend_refuse",
        "supervise",
        "link",
        "urge",
        "sweep",
        "sweep_answer",
        "split",
    ):
        stage = ROWS[verb].froms[0]
        assert judge(verb, facts(verb, stage, stale=True, outranked=True)) == Move(stage, moves=False)


def test_how_far_a_post_reaches() -> None:
    town, village, water = ("town_operator", TOWN), ("village_committee", VILLAGE), ("line_department", WATER)
    assert stages.may("submit", *village, VILLAGE, VILLAGE)
    assert stages.may("submit", *town, VILLAGE, VILLAGE), "the town acts for its village"
    assert not stages.may("submit", "village_committee", NEIGHBOUR, VILLAGE, VILLAGE)
    assert not stages.may("submit", "town_operator", OTHER_TOWN, VILLAGE, VILLAGE)
    assert not stages.may("submit", *village, WATER, VILLAGE), "the department's task is not the village's"
    assert not stages.may("submit", *town, WATER, VILLAGE), "nor the town's to mend"
    assert stages.may("submit", *water, WATER, VILLAGE)
    assert not stages.may("submit", "line_department", POWER, WATER, VILLAGE)
    assert not stages.may("return", *town, VILLAGE, VILLAGE), "only the unit itself returns"
    assert stages.may("return", *town, TOWN, VILLAGE)
    assert stages.may("pass", *town, WATER, VILLAGE), "the town reviews what is mended in its villages"
    assert not stages.may("pass", "inspector", NEIGHBOUR, VILLAGE, VILLAGE)
    assert not stages.may("reassign", *town, WATER, VILLAGE), "a department's task is the office's to move"
    assert stages.may("reassign", "district_office", DISTRICT, WATER, VILLAGE)
    assert stages.may("note", *village, WATER, VILLAGE)
    assert not stages.may("cancel", "district_office", "110108", VILLAGE, VILLAGE)


def test_out_of_reach_is_forbidden_unless_it_was_taken_away_meanwhile() -> None:
    away = facts("submit", "accepted", unit=WATER, photos=0)
    assert judge("submit", away) == Refusal("rejected", "forbidden", "reach")
    assert judge("submit", replace(away, stale=True)) == Refusal("conflict", "stale_stage", "stale")
    assert judge("accept", replace(away, stage="accepted")) == Refusal("rejected", "forbidden", "reach")


@pytest.mark.parametrize(
    ("role", "unit", "fits"),
    [
        ("town_operator", VILLAGE, True), ("town_operator", TOWN, True), ("town_operator", WATER, False),
        ("town_operator", NEIGHBOUR, False), ("district_office", WATER, True), ("district_office", TOWN, True),
        ("district_office", FAR, False), ("district_office", OTHER_TOWN, False), ("district_office", "", False),
        ("district_office", "110108-d03", False), ("district_office", DISTRICT, False),
    ],
)  # fmt: skip
def test_where_a_task_can_be_sent(role: str, unit: str, fits: bool) -> None:
    got = judge("reassign", facts("reassign", "returned", role, new_unit=unit))
    assert got == (Move("dispatched") if fits else Refusal("conflict", "invalid", "unit"))


def test_a_task_is_dispatched_to_a_unit_that_fits() -> None:
    sound = facts("dispatch", "", photos=0)
    assert judge("dispatch", sound) == Move("dispatched")
    for wrong in ("", FAR):
        assert judge("dispatch", replace(sound, new_unit=wrong)) == Refusal("conflict", "invalid", "unit")


def test_reassigning_to_where_it_is_changes_nothing_only_while_it_waits_there() -> None:
    assert judge("reassign", facts("reassign", "dispatched", new_unit=VILLAGE)) == Already("dispatched")
    assert judge("reassign", facts("reassign", "returned", new_unit=VILLAGE)) == Move("dispatched")


def test_every_refusal_has_a_whole_sentence() -> None:
    for verb in [*ROWS, "unheard"]:
        for why in ("verb", "role", "reach", "self_review", "stale", "stage", "photo", "text", "unit"):
            if verb == "unheard" and why in ("role", "stage"):
                continue
            told = sentence(verb, Refusal("conflict", "invalid", why), "closed")
            assert told.endswith("已作为备注保存。")
            assert "{" not in told
            assert why == "verb" or words.verb(verb) in told or why == "unit"
    assert "镇街专管员、检查员、区级办公室" in sentence("pass", Refusal("rejected", "forbidden", "role"), "")
    assert judge("unheard", facts("note", "closed", photos=0)) == Refusal("rejected", "invalid", "verb")


def test_the_draw_is_what_its_words_say() -> None:
    lot = int(hashlib.sha256(b"seed|task").hexdigest()[:16], 16) / 2**64 * 100
    assert stages.drawn("seed", "task", int(lot) + 1)
    assert not stages.drawn("seed", "task", int(lot))


@given(st.text(), st.text())
def test_nobody_at_nought_everybody_at_a_hundred(seed: str, task: str) -> None:
    assert stages.drawn(seed, task, 100)
    assert not stages.drawn(seed, task, 0)


def test_the_share_comes_out() -> None:
    hits = sum(stages.drawn("a seed", f"task {number}", 20) for number in range(5000))
    assert 900 < hits < 1100
