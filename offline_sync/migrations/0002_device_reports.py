from tortoise import migrations
from tortoise.migrations import operations as ops
from uuid import uuid4
from villages.ground.fields import Moment
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("offline_sync", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="DeviceReport",
            fields=[
                ("device", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("district", fields.CharField(max_length=6)),
                ("heard_at", Moment(auto_now=False, auto_now_add=False)),
                ("build", fields.CharField(default="", max_length=40)),
                ("platform", fields.CharField(default="", max_length=80)),
                ("used", fields.BigIntField(null=True)),
                ("quota", fields.BigIntField(null=True)),
                ("persisted", fields.BooleanField(null=True)),
                ("commands", fields.IntField(default=0)),
                ("photos", fields.IntField(default=0)),
                ("photo_bytes", fields.BigIntField(default=0)),
                ("oldest", Moment(null=True, auto_now=False, auto_now_add=False)),
                ("skew_seconds", fields.IntField(null=True)),
                ("last_ok", Moment(null=True, auto_now=False, auto_now_add=False)),
                ("bytes_per_second", fields.BigIntField(null=True)),
            ],
            options={
                "table": "device_report",
                "app": "offline_sync",
                "indexes": [Index(fields=["district"])],
                "pk_attr": "device",
                "table_description": " ",
            },
            bases=["Model"],
        ),
    ]
