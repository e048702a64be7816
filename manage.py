"""The whole command line. `./dev` and the tests come through here too."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dispatch.bringing.command import import_ledger
from offline_sync import safekeeping
from villages.ground.console import Data, asked, say
from villages.ground.database import open_database, tortoise_config
from villages.ground.migrations import MigrationError, migrate
from villages.ground.settings import Settings, address_in, from_environment, keep_address

TORTOISE_ORM = tortoise_config(from_environment())
_HELP = "巡村 Xuncun: the district's server and its tools."
cli = typer.Typer(add_completion=False, no_args_is_help=True, help=_HELP)
cli.command("import-ledger")(import_ledger)
cli.add_typer(safekeeping.cli)  # backup, restore, drill, import-rescue


def _settings(data: Path | None) -> Settings:
    return from_environment(data)


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="default 127.0.0.1; with --lan every network card")] = "",
    port: Annotated[int | None, typer.Option(help="default 8000; with --lan 8443")] = None,
    data: Data = None,
    empty: Annotated[bool, typer.Option("--empty", help="no demo district in an empty folder")] = False,
    lan: Annotated[bool, typer.Option("--lan", help="HTTPS for tablets of the local network")] = False,
    trust_port: Annotated[int, typer.Option(help="with --lan: where tablets learn to trust us")] = 8000,
) -> None:
    """Bring the database up to date, load the demo district into an empty folder, print addresses, serve."""
    settings = _settings(data)
    os.environ["XUNCUN_DATA"] = str(settings.data)
    demo = asyncio.run(_ready(settings, empty))
    from app import make_app  # noqa: PLC0415

    port = (8443 if lan else 8000) if port is None else port
    if lan:
        from offline_sync.lan.serve import serve_lan  # noqa: PLC0415

        serve_lan(make_app, settings, (host, port, trust_port), say, lambda: _greet_demo(settings, demo))
        return
    import uvicorn  # noqa: PLC0415 - the other commands start faster without the server

    host = host or "127.0.0.1"
    app = make_app(settings)
    _greet(host, port, settings, demo)
    uvicorn.run(
        app, host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=10
    )


async def _ready(settings: Settings, empty: bool) -> bool:
    from dispatch.demo_district import load_demo  # noqa: PLC0415
    from villages.models import DistrictHead  # noqa: PLC0415

    try:
        applied = await migrate(settings)
    except MigrationError as error:
        raise SystemExit(str(error)) from error
    if applied:
        say(f"数据库已更新（{len(applied)} 步）")
    async with open_database(settings):
        head = await DistrictHead.first()
        if head is None and not empty:
            await load_demo()
            say("已装入演示数据：门头沟区 13 个镇街、178 个村，两份检查单，一个进行中的批次")
            return True
        if head is None:
            say("数据文件夹是空的，还没有建区。请另开一个窗口建区，不用重启：")
            say(f"  .venv/bin/python manage.py init --code 110109 --name 门头沟区 --data {settings.data}")
        return head is not None and head.kind == "demo"


def _greet(host: str, port: int, settings: Settings, demo: bool) -> None:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - for reading, not binding
    say(f"\n巡村已启动   http://{shown}:{port}/")
    _greet_demo(settings, demo)


def _greet_demo(settings: Settings, demo: bool) -> None:
    say(f"数据文件夹   {settings.data}")
    if demo:
        say("演示账号（密码均为 xuncun-demo）：\n  admin 系统管理员 · office 区级办公室 · town 王平镇专管员")
        say("  inspector / inspector2 王平镇检查员 · village 安家庄村委会")
    say("按 Ctrl+C 停止\n")


@cli.command()
def init(
    code: Annotated[str, typer.Option(help="six-digit division code")] = "110109",
    name: str = "门头沟区",
    data: Data = None,
    address: Annotated[str, typer.Option(help="where phones will reach us, as http://host:port")] = "",
) -> None:
    """Found an empty real district and print the administrator's one-time password."""
    settings = _settings(data)
    if not address and not settings.public_url and sys.stdin.isatty():
        address = typer.prompt("手机打开本系统的网址（印在二维码里，可先回车跳过）", default="")

    async def work() -> str:
        from inspections.checklists import load_builtin  # noqa: PLC0415
        from villages.districts import first_admin, found_district  # noqa: PLC0415

        await migrate(settings)
        async with open_database(settings):
            await found_district(code, name, "real")
            await load_builtin(code)
            return await first_admin(code)

    kept = asked(_read(address)) if address else settings.public_url
    password = asked(work())
    if address:
        keep_address(settings.data, kept)
    say(f"{name} 已建立。管理员用户名 admin，一次性密码 {password}（首次登录须修改；只显示这一次）")
    say(
        f"二维码指向 {kept}"
        if kept
        else "还没有对外网址，评分表和村牌要等设置后才能印：python manage.py address http://…"
    )


@cli.command("address")
def address_command(address: str, data: Data = None) -> None:
    """Set where phones reach us: every printed code leads there. Takes effect at the next start."""
    keep_address(_settings(data).data, kept := asked(_read(address)))
    say(f"二维码将指向 {kept}，重新启动后生效。已印发的不会改变。")


@cli.command("load-demo")
def load_demo_command(data: Data = None) -> None:
    """Load the demo district; refused where there is a district already."""

    async def work() -> None:
        from dispatch.demo_district import load_demo  # noqa: PLC0415

        settings = _settings(data)
        await migrate(settings)
        async with open_database(settings):
            await load_demo()

    asked(work())
    say("已装入演示数据")


@cli.command("migrate")
def migrate_command(data: Data = None) -> None:
    """Bring the database up to date."""
    applied = asked(migrate(_settings(data)))
    say("\n".join(applied) or "数据库已是最新")


@cli.command("verify")
def verify_command(
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a district")] = False,
) -> None:
    """Walk the trail from its beginning; exit 1 and name every fault when it is not whole."""
    from dispatch.editions import anchors  # noqa: PLC0415
    from villages.verify import Report, told, verify  # noqa: PLC0415

    async def work() -> list[Report]:
        async with open_database(_settings(data)):
            return await verify(await anchors())

    settings = _settings(data)
    if not settings.database_url and not settings.sqlite_file.exists():
        raise SystemExit(f"没有找到数据库：{settings.sqlite_file}")
    reports = asyncio.run(work())
    for report in reports:
        say(json.dumps(vars(report), ensure_ascii=False) if as_json else told(report))
    if any(report.faults for report in reports):
        sys.exit(1)


@cli.command("daily")
def daily_command(data: Data = None, date: str = "") -> None:
    """Urge what is late, rung by rung, and remind of what is held; safe to run twice, catches up with days that were missed. --date: up to 2026-11-20."""
    from offline_sync.held_days import at_command  # noqa: PLC0415

    say(asked(at_command(_settings(data), date)))


async def _read(address: str) -> str:
    return address_in(address)


@cli.command("wire-schema")
def wire_schema() -> None:
    """Write docs/wire.schema.json from the protocol's types."""
    from offline_sync.wire_schema import PATH, text  # noqa: PLC0415

    PATH.write_text(text(), encoding="utf-8")
    say(str(PATH))


_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@cli.command(context_settings=_PASSED_ON)
def demo(context: typer.Context) -> None:
    """Play a whole round over all villages through HTTP (see --help of ./dev demo)."""
    from offline_sync.demo.play import main  # noqa: PLC0415

    sys.exit(main(context.args))


@cli.command(context_settings=_PASSED_ON)
def bench(context: typer.Context) -> None:
    """Run the benchmarks."""
    from tests.benchmarks.run import main  # noqa: PLC0415

    sys.exit(main(context.args))


if __name__ == "__main__":
    cli()
