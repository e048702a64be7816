from tortoise import migrations
from tortoise.migrations import operations as ops
from villages.ground.fields import SomeRows


class Migration(migrations.Migration):
    dependencies = [('dispatch', '0006_splits_sweeps_look_backs')]

    initial = False

    operations = [
        ops.AddIndex(
            model_name='Task',
            index=SomeRows(
                fields=['village', 'unit', 'stage', 'asked_until', 'supervised', 'rung', 'rung_for', 'deadline', 'sweep_until'],
                name='task_marked',
                where="sweep_until IS NOT NULL OR (stage NOT IN ('closed', 'cancelled') AND (asked_until IS NOT NULL OR supervised > 0 OR rung >= 4))",
            ),
        ),
    ]
