"""What the district office does in the play, all through the desk's pages: accounts, the round, closing, publishing."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from offline_sync.demo.desk import Desk, last_part
from offline_sync.demo.forms import Page
from offline_sync.demo.link import DemoError, Link
from offline_sync.demo.tablet import Row, Tablet

PASSWORD = "xuncun-demo"  # noqa: S105 - told in the README, demo districts only
ROUND_NAME = "农村人居环境月检查（全区演示）"
NAMES = (
    "陈国栋", "赵海燕", "孙志强", "周雪梅", "吴建军", "郑晓东", "冯玉兰", "蒋文博", "韩立新", "杨秀英", "朱德海", "秦爱华",
    "许振华", "何丽娟", "吕春生", "施永福", "曹桂芳", "严明远", "魏红梅", "陶金山", "姜海涛", "谢玉珍", "邹宏伟", "柏素云",
)  # fmt: skip


class Office:
    """The office's browser, and the tablet it reads the district with."""

    def __init__(self, link: Link, seed: str, name: str) -> None:
        self.link = link
        self.seed = seed
        self.name = name
        self.desk = Desk(link)
        self.tablet = Tablet(link, name, "区级办公室", seed)
        self.password = PASSWORD  # what the accounts of the play get
        self._known: dict[str, dict[str, str]] = {}  # role → sign-in name → id

    def sign_in(self, password: str) -> Row:
        """At the desk and on the tablet; the district's settings row. Raises DemoError."""
        self.desk.sign_in(self.name, password)
        if not self.tablet.sign_in(password):
            raise DemoError(f"用户 {self.name} 的密码不对；可用 --password 另给。")
        self.tablet.begin(self.tablet.device)
        self.tablet.pull()
        settings: Row = self.tablet.of("settings")[0]
        if settings["kind"] != "demo":
            # What is printed in a README must not open accounts of a real district.
            self.password = f"{secrets.token_urlsafe(12)}"
        return settings

    def towns(self) -> list[Row]:
        """The towns that have villages, by code: those that a round can be opened for."""
        page = self.desk.page("/rounds/new")
        inside = set(page.choices.get("towns[]", ()))
        return sorted(
            (row for row in self.tablet.of("town") if row["code"] in inside), key=lambda r: r["code"]
        )

    def account(self, name: str, title: str, role: str, place: str) -> str:
        """The person's id; the account is opened when there is none, with the play's password."""
        known = self._people(role).get(name)
        if known:
            return known
        path = f"/people/new?role={role}"
        answer = self.desk.post(
            self.desk.form(path, "/people/new"), name=name, title=title, phone="", role=role, place=place
        )
        slip = Page(answer.body.decode())
        person = next(last_part(link) for link in slip.links if _of_person(link))
        self._people(role)[name] = person
        Desk(self.link).set_own_password(name, slip.by_id["password"], self.password)
        return person

    def admit(self, tablet: Tablet, role: str) -> None:
        """Sign a tablet in; where the password is another one, reset it through the person's page first."""
        if tablet.sign_in(self.password):
            return
        person = self._people(role).get(tablet.name)
        if person is None:
            raise DemoError(f"没有用户 {tablet.name}；请换一个空的数据文件夹（--data）再演。")
        answer = self.desk.post(self.desk.form(f"/people/{person}", "/reset"))
        one_time = Page(answer.body.decode()).by_id["password"]
        Desk(self.link).set_own_password(tablet.name, one_time, self.password)
        if not tablet.sign_in(self.password):
            raise DemoError(f"重置密码后用户 {tablet.name} 仍登录不了；请到“人员”里查看该账号。")

    def round(self, inspectors: list[str]) -> Row:
        """The round of this month and seed; opened through the form when there is none yet."""
        now = datetime.fromisoformat(self.tablet.server_time)
        more = "" if self.seed == "1" else f" {self.seed}"
        name = f"{now.year}年{now.month}月{ROUND_NAME}{more}"
        found = self._round_named(name)
        if found is None:
            opens, closes = now.date() - timedelta(days=6), _month_end(now)
            number = f"{now:%Y-%m}-Q{'' if self.seed == '1' else self.seed}"
            self.desk.post(
                self.desk.form("/rounds/new", "/rounds/new"), name=name, number=number, type="monthly",
                opens=opens.isoformat(), closes=closes.isoformat(), checklists_=["RE"], scope="all", towns_=[],
                names="", inspectors_=inspectors, mode="own", later=[],
            )  # fmt: skip
            self.tablet.pull()
            found = self._round_named(name)
        if found is None:
            raise DemoError(f"批次“{name}”开启后没有出现在下载内容里；请到“批次”里查看。")
        return found

    def close_task(self, task: str) -> bool:
        """销号 through the task's page; False when it cannot be done now."""
        form = self.desk.page(f"/tasks/{task}").form(f"/tasks/{task}/close")
        if form is None:
            return False
        self.desk.post(form)
        return True

    def close_round(self, round_id: str) -> bool:
        """Through the round's page; False when it is closed already."""
        form = self.desk.page(f"/rounds/{round_id}").form(f"/rounds/{round_id}/close")
        if form is None:
            return False
        self.desk.post(form)
        return True

    def decide_vetoes(self, round_id: str) -> int:
        """Uphold every claim of 一票否决 that waits, each on its visit's page; returns how many."""
        rows = self.desk.page(f"/rounds/{round_id}?show=doubt").rows
        visits = {link for row in rows for link in row.links if link.startswith("/inspections/")}
        forms = [form for visit in sorted(visits) if (form := self.desk.page(visit).form("/upheld"))]
        for form in forms:
            self.desk.post(form, reason="两名检查员均已确认，照片属实")
        return len(forms)

    def publish(self, round_id: str) -> bool:
        """Through the confirming page; False when it is published already."""
        path = f"/rounds/{round_id}/publish"
        if self.stage(round_id) == "published":
            return False
        self.decide_vetoes(round_id)
        self.desk.post(self.desk.form(path, path))
        return True

    def stage(self, round_id: str) -> str:
        """The round's stage now."""
        self.tablet.pull()
        return next((str(row["stage"]) for row in self.tablet.of("round") if row["id"] == round_id), "")

    def checklist(self, ref: dict[str, Any]) -> Row:
        """The version a round uses, with its body. Raises DemoError when it was not told."""
        found = next((row for row in self.tablet.of("checklist") if row["sha256"] == ref["sha256"]), None)
        if found is None:
            raise DemoError(
                f"服务器没有给出检查单 {ref['code']} {ref['version']}；请换一个空的数据文件夹再演。"
            )
        return found

    def _round_named(self, name: str) -> Row | None:
        return next((row for row in self.tablet.of("round") if row["name"] == name), None)

    def _people(self, role: str) -> dict[str, str]:
        if role not in self._known:
            rows = self.desk.page(f"/people?role={role}").rows
            people = ((row, [link for link in row.links if _of_person(link)]) for row in rows)
            self._known[role] = {
                cell: last_part(links[0]) for row, links in people if links for cell in row.cells[1:2]
            }
        return self._known[role]


def _of_person(link: str) -> bool:
    return link.startswith("/people/") and not link.startswith("/people/new")


def _month_end(moment: datetime) -> Any:
    first = moment.date().replace(day=1)
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
