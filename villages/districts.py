"""Founding a district: its head, its places and its first administrator."""

from uuid import UUID, uuid4

from villages.changes import GENESIS, SYSTEM, Line, change
from villages.ground.problems import Problem
from villages.models import DistrictHead
from villages.people import create_person, fresh_password, hash_password
from villages.places import load_places, read_places

OFFICE_NAME = "区级办公室"
# Limits in force; tablets read them from the settings row (sync.md §6).
LIMITS = {
    "command_bytes": 256 * 1024, "push_commands": 50, "push_bytes": 1024 * 1024, "pull_rows": 500,
    "pull_bytes": 512 * 1024, "photo_bytes": 15 * 1024 * 1024, "photos_per_inspection": 120, "missing": 500,
    "rows_per_person": 20_000, "keep_days": 200, "check_share": 20,
}  # fmt: skip


async def found_district(code: str, name: str, kind: str) -> UUID:
    """Make the head row and load the places; returns the epoch. `kind` is real or demo.

    Raises real_district when there is one already: demo data never mixes with a real district's; invalid for a code
    that the list of places does not belong to, whose people would see no village.
    """
    if await DistrictHead.exists():
        raise Problem("real_district")
    places = read_places()
    if any(town["code"][:6] != code for town in places.towns):
        raise Problem(
            "invalid", what=f"系统里没有 {name}（{code}）的村庄名单，没有建区。自带的是门头沟区（110109）。"
        )
    epoch = uuid4()
    await DistrictHead.create(
        district=code,
        name=name,
        kind=kind,
        rev=0,
        chain_hash=GENESIS,
        epoch=epoch,
        settings={"limits": LIMITS},
    )

    async def work(line: Line) -> None:
        line.about("district", code, code)
        await load_places(line, places, f"{name}{OFFICE_NAME}")
        await DistrictHead.filter(district=code).update(settings_rev=line.rev)

    await change(work, district=code, actor=SYSTEM, verb="district.found")
    return epoch


async def first_admin(district: str, name: str = "admin") -> str:
    """The first administrator with a one-time password, which is returned and stored only as a hash."""
    password = fresh_password()
    hashed = await hash_password(password)

    async def work(line: Line) -> None:
        await create_person(
            line, name=name, title="系统管理员", phone="", password_hash=hashed, must_change=True,
            posts=[("admin", district)],
        )  # fmt: skip

    await change(work, district=district, actor=SYSTEM, verb="person.create")
    return password


async def the_district() -> DistrictHead:
    """The one district this server serves. Raises no_district before it was founded."""
    head = await DistrictHead.first()
    if head is None:
        raise Problem("no_district")
    return head
