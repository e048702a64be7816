"""What a district has to do before its first round: shown on 今日 until a round has been opened."""

from dataclasses import dataclass

from starlette.requests import Request

from inspections.models import Round
from villages.ground.problems import Problem
from villages.models import Person, Post, Village
from villages.permissions import ADMIN, INSPECTOR, OFFICE, TOWN, Who
from villages.web import public_address


@dataclass(frozen=True)
class FirstStep:
    """One thing to do. `href` empty: it is not done at this desk; `done`: it is behind us."""

    word: str
    told: str
    href: str
    done: bool


async def first_steps(request: Request, who: Who) -> list[FirstStep]:
    """The steps for whoever sets a district up; none for others, and none once there is a round."""
    if not who.holds(OFFICE, ADMIN) or await Round.exists():
        return []
    off = await Person.filter(disabled=True).values_list("id", flat=True)
    held = await Post.filter(ended=False).exclude(person_id__in=list(off)).values_list("role", "place")
    towns = set(await Village.all().distinct().values_list("town", flat=True))
    staffed = {place for role, place in held if role == TOWN} & towns
    inspectors = sum(1 for role, _ in held if role == INSPECTOR)
    office = any(role == OFFICE for role, _ in held)
    steps = [
        FirstStep(
            "设置对外网址", "评分表、村牌、登记码上的二维码都指向它。请系统管理员在服务器上执行"
            " manage.py address 网址，再重新启动。", "", await _addressed(request),
        ),
        FirstStep(
            "开通镇街专管员账号", f"已开通 {len(staffed)} 个镇街，共 {len(towns)} 个。村委会账号由镇街开通。",
            "/people/new?role=town_operator", staffed == towns,
        ),
        FirstStep(
            "开通检查员账号，登记平板", f"已有 {inspectors} 人，一个村一般两人同去。" if inspectors else "一个村一般两人同去。",
            "/people/new?role=inspector", inspectors > 1,
        ),
    ]  # fmt: skip
    if who.holds(ADMIN):
        word = "开通区级办公室账号"
        steps.insert(
            1, FirstStep(word, "批次、督办和发布由办公室办理。", "/people/new?role=district_office", office)
        )
    if who.holds(OFFICE):
        steps.append(FirstStep("开启第一个批次", "选检查单、起止日期、村和检查员。", "/rounds/new", False))
    return steps


async def _addressed(request: Request) -> bool:
    try:
        return bool(await public_address(request))
    except Problem:
        return False
