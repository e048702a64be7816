"""The command line, as a person runs it."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.worlds import migrated
from villages.ground.settings import AddressError, address_in, from_environment

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def manage(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XUNCUN_")}
    return subprocess.run(
        [sys.executable, "manage.py", *words, "--data", str(data)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_init_makes_an_empty_real_district_with_a_one_time_password(tmp_path: Path) -> None:
    made = manage("init", "--code", "110109", "--name", "门头沟区", data=tmp_path)
    assert made.returncode == 0, made.stderr
    shown = re.search(r"一次性密码 (\w{5}-\w{5})", made.stdout)
    assert shown
    with sqlite3.connect(tmp_path / "xuncun.db") as raw:
        assert raw.execute("SELECT kind FROM district_head").fetchall() == [("real",)]
        [(name, stored, must)] = raw.execute("SELECT name, password, must_change FROM person").fetchall()
        assert (name, must) == ("admin", 1) and stored.startswith("$argon2id$")
        dump = "\n".join(raw.iterdump())
    assert shown.group(1) not in dump
    again = manage("init", data=tmp_path)
    assert again.returncode != 0 and "正式区" in again.stderr
    demo = manage("load-demo", data=tmp_path)
    assert demo.returncode != 0 and "演示数据" in demo.stderr
    with sqlite3.connect(tmp_path / "xuncun.db") as raw:
        assert raw.execute("SELECT COUNT(*) FROM person").fetchone() == (1,)


def test_no_district_is_founded_on_another_districts_villages(tmp_path: Path) -> None:
    migrated(tmp_path)
    for code in ("110108", "110", ""):
        made = manage("init", "--code", code, "--name", "海淀区", data=tmp_path)
        assert made.returncode != 0 and "村庄名单" in made.stderr, code
    assert manage("init", data=tmp_path).returncode == 0, "and nothing stands in the way of the right one"


def test_the_address_of_printed_codes_is_kept_in_the_data_folder(tmp_path: Path) -> None:
    wrong = manage("init", "--address", "xuncun", data=tmp_path)
    assert wrong.returncode != 0 and "网址应形如" in wrong.stderr
    assert not (tmp_path / "xuncun.db").exists(), "a slip of the finger founds nothing"
    migrated(tmp_path)
    bare = manage("init", data=tmp_path)
    assert bare.returncode == 0 and "还没有对外网址" in bare.stdout
    assert from_environment(tmp_path).public_url == ""
    told = manage("address", "https://xuncun.example.cn/", data=tmp_path)
    assert told.returncode == 0 and "https://xuncun.example.cn，" in told.stdout
    assert from_environment(tmp_path).public_url == "https://xuncun.example.cn"
    assert manage("address", "http://a/b", data=tmp_path).returncode != 0
    assert from_environment(tmp_path).public_url == "https://xuncun.example.cn"
    migrated(tmp_path / "two")
    founded = manage("init", "--address", "http://10.1.2.3:8000", data=tmp_path / "two")
    assert "二维码指向 http://10.1.2.3:8000" in founded.stdout


@pytest.mark.parametrize(
    "odd",
    ["ftp://a", "http://a/b", "http://u@a", "http://a:99999", "http://", "http://a?b", "http://[a"],
)
def test_what_is_no_address_is_refused(odd: str) -> None:
    with pytest.raises(AddressError, match="网址应形如"):
        address_in(odd)


def test_verify_says_whole_and_names_what_was_touched(tmp_path: Path) -> None:
    migrated(tmp_path)
    manage("init", data=tmp_path)
    whole = manage("verify", data=tmp_path)
    assert whole.returncode == 0 and "操作记录完整" in whole.stdout
    with sqlite3.connect(tmp_path / "xuncun.db") as raw:
        raw.execute("UPDATE change SET verb = '改过' WHERE rev = 2")
    broken = manage("verify", data=tmp_path)
    assert broken.returncode == 1 and "第 2 行" in broken.stdout
    told = json.loads(manage("verify", "--json", data=tmp_path).stdout)
    assert told["faults"] and told["district"] == "110109"


def test_verify_of_nothing_is_one_clear_line(tmp_path: Path) -> None:
    none = manage("verify", data=tmp_path)
    assert none.returncode != 0 and none.stderr.strip().startswith("没有找到数据库")
    assert not (tmp_path / "xuncun.db").exists()


def test_a_server_starts_without_the_phrases_of_pinyin() -> None:
    code = "import sys, app; print('pypinyin' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
