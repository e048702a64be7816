from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from villages.ground.fields import Moment

# What a row of `task_count` counts beside the tasks themselves, in SQL that both engines read; {t}: the task's row.
_MARKS = {
    "asked": "{t}.asked_until IS NOT NULL",
    "supervised": "{t}.supervised > 0",
    "raised": "{t}.rung >= 4 AND {t}.rung_for = {t}.deadline",
    "proposed": "{t}.rung >= 3 AND {t}.rung_for = {t}.deadline AND ({t}.supervised_for IS NULL OR {t}.supervised_for <> {t}.deadline)",
    "sweeping": "{t}.sweep_until IS NOT NULL",
}
# The clock of these does not run, so their deadline tells nothing: one row a town.
_STANDS = "'closed', 'cancelled', 'deferred'"
_DAY = {"sqlite": "substr({t}.deadline, 1, 10)", "postgres": "to_char({t}.deadline AT TIME ZONE 'UTC', 'YYYY-MM-DD')"}
_COLUMNS = "town, stage, deadline, asked_until, supervised, rung, rung_for, supervised_for, sweep_until"


def _parts(dialect: str, t: str) -> list[str]:
    """The key of the row that counts a task, and what it adds there."""
    day = f"CASE WHEN {t}.stage IN ({_STANDS}) THEN '' ELSE {_DAY[dialect].format(t=t)} END"
    marks = [f"CASE WHEN {mark.format(t=t)} THEN 1 ELSE 0 END" for mark in _MARKS.values()]
    return [f"{t}.town", f"{t}.stage", day, "1", *marks]


def _sums(sign: str, values: list[str]) -> str:
    return ", ".join(f"{name} = task_count.{name} {sign} {value}" for name, value in zip(["number", *_MARKS], values, strict=True))


def _less(dialect: str) -> str:
    town, stage, day, *values = _parts(dialect, "OLD")
    key = f"task_count.town = {town} AND task_count.stage = {stage} AND task_count.day = {day}"
    return (
        f"UPDATE task_count SET {_sums('-', values)} WHERE {key};"
        f" DELETE FROM task_count WHERE {key} AND task_count.number = 0;"
    )


def _more(dialect: str) -> str:
    names = ["number", *_MARKS]
    return (
        f"INSERT INTO task_count (town, stage, day, {', '.join(names)}) VALUES ({', '.join(_parts(dialect, 'NEW'))})"
        f" ON CONFLICT (town, stage, day) DO UPDATE SET {_sums('+', [f'excluded.{name}' for name in names])};"
    )


def _sqlite() -> list[str]:
    old, new = (", ".join(_parts("sqlite", t)) for t in ("OLD", "NEW"))
    return [
        f"CREATE TRIGGER task_count_insert AFTER INSERT ON task BEGIN {_more('sqlite')} END",
        f"CREATE TRIGGER task_count_delete AFTER DELETE ON task BEGIN {_less('sqlite')} END",
        f"CREATE TRIGGER task_count_update AFTER UPDATE OF {_COLUMNS} ON task"
        f" WHEN ({old}) IS NOT ({new}) BEGIN {_less('sqlite')} {_more('sqlite')} END",
    ]


def _postgres() -> list[str]:
    old, new = (", ".join(_parts("postgres", t)) for t in ("OLD", "NEW"))
    return [
        "CREATE FUNCTION task_count_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF TG_OP = 'UPDATE' THEN IF ({old}) IS NOT DISTINCT FROM ({new}) THEN RETURN NULL; END IF; END IF;"
        f" IF TG_OP <> 'INSERT' THEN {_less('postgres')} END IF;"
        f" IF TG_OP <> 'DELETE' THEN {_more('postgres')} END IF;"
        " RETURN NULL; END $$",
        f"CREATE TRIGGER task_count_keep AFTER INSERT OR DELETE OR UPDATE OF {_COLUMNS} ON task"
        " FOR EACH ROW EXECUTE FUNCTION task_count_keep()",
    ]


async def _begin(_apps: Any, editor: Any) -> None:
    """Which deadline a letter has pressed, from the letters; the counts, from the tasks; from then on the triggers."""
    dialect = "sqlite" if editor.DIALECT == "sqlite" else "postgres"
    pressed = "SELECT 1 FROM letter_task l WHERE l.task_id = task.id AND l.deadline = task.deadline"
    await editor.client.execute_query(f"UPDATE task SET supervised_for = deadline WHERE EXISTS ({pressed})")
    town, stage, day, *values = _parts(dialect, "k")
    await editor.client.execute_query(
        f"INSERT INTO task_count (town, stage, day, {', '.join(['number', *_MARKS])})"
        f" SELECT {town}, {stage}, {day}, {', '.join(f'SUM({value})' for value in values)} FROM task k GROUP BY 1, 2, 3"
    )
    for statement in _sqlite() if dialect == "sqlite" else _postgres():
        await editor.client.execute_query(statement)  # the editor would cut a trigger's body at its semicolons


class Migration(migrations.Migration):
    dependencies = [('dispatch', '0007_marked_tasks')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Task',
            name='supervised_for',
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.CreateModel(
            name='TaskCount',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('town', fields.CharField(max_length=9)),
                ('stage', fields.CharField(max_length=12)),
                ('day', fields.CharField(max_length=10)),
                ('number', fields.IntField()),
                ('asked', fields.IntField()),
                ('supervised', fields.IntField()),
                ('raised', fields.IntField()),
                ('proposed', fields.IntField()),
                ('sweeping', fields.IntField()),
            ],
            options={'table': 'task_count', 'app': 'dispatch', 'unique_together': (('town', 'stage', 'day'),), 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
        ops.RunPython(_begin),
    ]
