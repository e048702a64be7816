from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from villages.ground.fields import Moment


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0001_initial")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Step",
            name="until",
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Task",
            name="again_of",
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name="Task",
            name="asked_by",
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name="Task",
            name="asked_until",
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Task",
            name="deferred_at",
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Task",
            name="extended",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Task",
            name="interim",
            field=fields.CharField(default="", db_default="", max_length=600),
        ),
        ops.AddField(
            model_name="Task",
            name="look_again",
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Task",
            name="merged_into",
            field=fields.UUIDField(null=True),
        ),
    ]
