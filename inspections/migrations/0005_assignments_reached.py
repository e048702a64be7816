from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("inspections", "0004_answers_in_one_row")]

    initial = False

    operations = [
        ops.RemoveIndex(
            model_name="Assignment",
            name=None,
            fields=["person", "round_id", "village"],
        ),
        ops.AddIndex(
            model_name="Assignment",
            index=Index(fields=["person", "round_id", "village", "stage"]),
        ),
    ]
