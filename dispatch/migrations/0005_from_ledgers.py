from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [("dispatch", "0004_notice_sheets")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Task",
            name="category",
            field=fields.CharField(default="", db_default="", max_length=60),
        ),
        ops.AddField(
            model_name="Task",
            name="found_on",
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name="Task",
            name="origin",
            field=fields.CharField(default="visit", db_default="visit", max_length=8),
        ),
    ]
