"""The door: what the readers are told to type exists, and a set-up never does half of what it may not do."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files, text_of, tree_with

_SAID = re.compile(r"(?<![\w/])\./dev ([a-z]+)")
NOBODY = 65534


def commands(root: Path) -> set[str]:
    """The commands that the door opens, from its own case statement."""
    text = (root / "dev").read_text(encoding="utf-8")
    cases = text[text.index("case $command in") :]
    return {
        word for line in re.findall(r"^    ([a-z |-]+)\)", cases, re.MULTILINE) for word in line.split(" | ")
    }


def promised(root: Path) -> set[str]:
    """The commands that documents tell their readers to type."""
    told = (text_of(root / name) or "" for name in files(root) if name.endswith(".md"))
    return {word for text in told for word in _SAID.findall(text)}


def test_what_is_promised_exists() -> None:
    assert {"serve", "test", "check", "bench", "demo", "setup", "help"} <= commands(ROOT)
    assert promised(ROOT) <= commands(ROOT)


def test_both_readmes_name_the_two_commands() -> None:
    readmes = [name for name in files(ROOT) if re.fullmatch(r"README[\w.-]*\.md", name)]
    if not readmes:
        pytest.skip("no README yet")
    for name in readmes:
        said = set(_SAID.findall((ROOT / name).read_text(encoding="utf-8")))
        assert {"serve", "test"} <= said, name


def test_a_false_promise_is_told(tmp_path: Path) -> None:
    tree_with(tmp_path, {"docs/a.md": "Type `./dev fly` or ./dev test.\n"})
    shutil.copy(ROOT / "dev", tmp_path / "dev")
    assert promised(tmp_path) - commands(tmp_path) == {"fly"}


def test_the_builder_runs_the_same_command() -> None:
    assert "exec ./dev test" in (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert os.access(ROOT / "dev", os.X_OK)


@pytest.fixture
def house() -> Iterator[Path]:
    """An empty house with the door only, readable by anybody (pytest's own folders are not)."""
    with tempfile.TemporaryDirectory() as made:
        root = Path(made) / "house"
        root.mkdir()
        root.parent.chmod(0o755)
        shutil.copy(ROOT / "dev", root / "dev")
        tree_with(root, {"requirements.lock": "", "requirements-uv.lock": "", "bin/ldconfig": "#!/bin/sh\n"})
        (root / "bin/ldconfig").chmod(0o755)
        yield root


def _dev(root: Path, *said: str, found: str) -> subprocess.CompletedProcess[str]:
    """Run the door as somebody who is not root, on a machine where only `found` is installed."""
    libraries = f"#!/bin/sh\nprintf '%s' '{found}'\n"
    (root / "bin/ldconfig").write_text(libraries, encoding="utf-8")
    # find_python wants a Python that has venv; any that answers will do, nothing is built here.
    (root / "bin/python3").write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    (root / "bin/python3").chmod(0o755)
    line = [str(root / "dev"), *said]
    if os.geteuid() == 0:
        line = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *line]
    env = {"PATH": f"{root}/bin:/usr/bin:/bin", "XUNCUN_PYTHON": str(root / "bin/python3")}
    return subprocess.run(line, capture_output=True, text=True, env=env, timeout=30, check=False)


LIBRARIES = "libpango-1.0.so.0 libpangoft2-1.0.so.0 libharfbuzz-subset.so.0"


def test_a_plain_user_is_told_what_root_should_install(house: Path) -> None:
    before = sorted(house.rglob("*"))
    told = _dev(house, "setup", found="libpangoft2-1.0.so.0")
    after = {path for path in house.rglob("*") if path.name != "python3"}
    assert told.returncode == 3
    assert len(told.stderr.splitlines()) == 1
    assert told.stderr.rstrip().endswith("--no-install-recommends libpango-1.0-0 libharfbuzz-subset0")
    assert sorted(after) == before, "a refused set-up leaves nothing behind"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user to own the folder")
def test_a_folder_of_somebody_else_is_named(house: Path) -> None:
    told = _dev(house, "setup", found=LIBRARIES)
    assert told.returncode == 4
    assert "belongs to root" in told.stderr
    assert not (house / ".setup").exists()


def test_an_unknown_command_is_refused_before_any_set_up(house: Path) -> None:
    told = _dev(house, "fly", found="")
    assert told.returncode == 2
    assert "fly" in told.stderr
    assert told.stdout == ""


def test_a_failed_step_says_where_its_log_is(house: Path) -> None:
    for path in (house, *house.rglob("*")):
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
    told = _dev(house, "setup", found=LIBRARIES)  # this Python makes no venv, so the step must fail
    assert told.returncode == 1
    log = Path(told.stderr.rstrip().rsplit(" ", 1)[1])
    assert log.parent == house / ".setup"
    assert "trying pip alone" in log.read_text(encoding="utf-8")
    assert not (house / ".setup/python.stamp").exists(), "a failed step is done again next time"
