from tortoise import migrations
from tortoise.migrations import operations as ops
from villages.ground.fields import SomeRows


class Migration(migrations.Migration):
    dependencies = [('dispatch', '0008_kept_counts')]

    initial = False

    operations = [
        ops.AddIndex(
            model_name='Step',
            index=SomeRows(
                fields=['task_id', 'rev', 'verb', 'verdict', 'from_stage', 'to_stage', 'id'],
                name='step_review',
                where="verb IN ('pass', 'reject', 'close_on_site', 'take_back')",
            ),
        ),
    ]
