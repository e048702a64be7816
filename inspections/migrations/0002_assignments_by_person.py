from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("inspections", "0001_initial")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="Assignment",
            index=Index(fields=["person", "round_id", "village"]),
        ),
    ]
