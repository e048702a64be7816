"""The machine's short run, the same every time. `./dev hostile` runs it for as long as one likes, otherwise each time."""

import os
import time

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.hostile.machine import Hostile
from tests.hostile.world import Template

QUIET = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.large_base_example,
]
MINUTES = float(os.environ.get("HOSTILE_MINUTES", "0"))
SEED = int(os.environ.get("HOSTILE_SEED", "0"))


@pytest.fixture(autouse=True)
def _template(hostile_template: Template) -> None:
    Hostile.template = hostile_template


def _run(examples: int, steps: int, *, derandomize: bool, shrink: bool) -> None:
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    run_state_machine_as_test(
        Hostile,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, database=None, derandomize=derandomize,
            phases=phases, suppress_health_check=QUIET, print_blob=True,
        ),
    )  # fmt: skip


@pytest.mark.slow
def test_whatever_happens_nothing_is_lost_doubled_or_shown_to_the_wrong_person() -> None:
    _run(int(os.environ.get("HOSTILE_EXAMPLES", "4")), 40, derandomize=True, shrink=False)


@pytest.mark.skipif(not MINUTES, reason="`./dev hostile` only")
def test_for_minutes() -> None:
    first = SEED or int(time.time())
    until = time.monotonic() + MINUTES * 60
    runs = 0
    while time.monotonic() < until:
        print(f"HOSTILE_SEED={first + runs}", flush=True)
        seed(first + runs)(lambda: _run(25, 60, derandomize=False, shrink=True))()
        runs += 1
    assert runs
