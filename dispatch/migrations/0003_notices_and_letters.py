from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from uuid import uuid4
from villages.ground.fields import Moment
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0002_registers")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Letter",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("district", fields.CharField(max_length=6)),
                ("year", fields.IntField()),
                ("ordinal", fields.IntField()),
                ("unit", fields.CharField(max_length=16)),
                ("note", fields.CharField(max_length=600)),
                ("deadline", Moment(auto_now=False, auto_now_add=False)),
                ("issued_at", Moment(auto_now=False, auto_now_add=False)),
                ("issued_by", fields.UUIDField(null=True)),
                ("data_rev", fields.BigIntField()),
                ("chain_hash", fields.CharField(max_length=64)),
                ("pdf_sha256", fields.CharField(max_length=64)),
                ("rev", fields.BigIntField()),
            ],
            options={
                "table": "letter",
                "app": "dispatch",
                "unique_together": (("district", "year", "ordinal"),),
                "indexes": [Index(fields=["unit", "issued_at"])],
                "pk_attr": "id",
                "table_description": " ",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LetterTask",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "letter",
                    fields.ForeignKeyField(
                        "dispatch.Letter",
                        source_field="letter_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "task",
                    fields.ForeignKeyField(
                        "dispatch.Task",
                        source_field="task_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("deadline", Moment(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "letter_task",
                "app": "dispatch",
                "unique_together": (("letter", "task"),),
                "pk_attr": "id",
                "table_description": " ",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Notice",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("person", fields.UUIDField()),
                ("kind", fields.CharField(max_length=16)),
                ("subject", fields.CharField(max_length=64)),
                ("place", fields.CharField(max_length=16)),
                ("day", fields.DateField(null=True)),
                ("rev", fields.BigIntField()),
                ("at", fields.CharField(max_length=24)),
                ("read_at", fields.CharField(null=True, max_length=24)),
                ("over", fields.BigIntField(null=True)),
            ],
            options={
                "table": "notice",
                "app": "dispatch",
                "unique_together": (("person", "subject", "kind"),),
                "indexes": [Index(fields=["person", "over", "read_at"]), Index(fields=["subject"])],
                "pk_attr": "id",
                "table_description": " ",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Task",
            name="deadline_kind",
            field=fields.CharField(default="natural", db_default="natural", max_length=8),
        ),
        ops.AddField(
            model_name="Task",
            name="rung",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Task",
            name="rung_for",
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
