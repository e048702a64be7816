from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise.fields.base import OnDelete
from uuid import uuid4
from villages.ground.fields import Moment
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='Edition',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('code', fields.CharField(unique=True, max_length=12)),
                ('inspection', fields.UUIDField(db_index=True)),
                ('village', fields.CharField(max_length=12)),
                ('number', fields.IntField()),
                ('figures', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('fingerprint', fields.CharField(max_length=64)),
                ('pdf_sha256', fields.CharField(max_length=64)),
                ('data_rev', fields.BigIntField()),
                ('chain_hash', fields.CharField(max_length=64)),
                ('issued_at', Moment(auto_now=False, auto_now_add=False)),
                ('issued_by', fields.UUIDField(null=True)),
                ('rev', fields.BigIntField()),
            ],
            options={'table': 'edition', 'app': 'dispatch', 'unique_together': (('inspection', 'number'),), 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Task',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('number', fields.CharField(max_length=24)),
                ('village', fields.CharField(max_length=12)),
                ('inspection', fields.UUIDField()),
                ('finding', fields.UUIDField()),
                ('item', fields.CharField(max_length=12)),
                ('unit', fields.CharField(max_length=16)),
                ('stage', fields.CharField(max_length=12)),
                ('severity', fields.CharField(max_length=10)),
                ('days', fields.IntField()),
                ('place', fields.CharField(max_length=200)),
                ('text', fields.CharField(max_length=600)),
                ('requirement', fields.CharField(default='', max_length=600)),
                ('dispatched_at', Moment(auto_now=False, auto_now_add=False)),
                ('deadline', Moment(auto_now=False, auto_now_add=False)),
                ('closed_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('submitted_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('submitters', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('supervised', fields.IntField(default=0)),
                ('reopened', fields.IntField(default=0)),
                ('rejected', fields.IntField(default=0)),
                ('basis_gone', fields.BooleanField(default=False)),
                ('moved_rev', fields.BigIntField()),
                ('home', fields.CharField(max_length=12)),
                ('town', fields.CharField(max_length=9)),
                ('rev', fields.BigIntField()),
            ],
            options={'table': 'task', 'app': 'dispatch', 'indexes': [Index(fields=['town', 'rev']), Index(fields=['town', 'stage', 'deadline']), Index(fields=['village', 'stage', 'deadline']), Index(fields=['unit', 'stage', 'deadline']), Index(fields=['inspection'])], 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Step',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('task', fields.ForeignKeyField('dispatch.Task', source_field='task_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('rev', fields.BigIntField()),
                ('verb', fields.CharField(max_length=24)),
                ('at', Moment(auto_now=False, auto_now_add=False)),
                ('heard_at', Moment(auto_now=False, auto_now_add=False)),
                ('person', fields.UUIDField(null=True)),
                ('post', fields.CharField(max_length=32)),
                ('title', fields.CharField(max_length=40)),
                ('text', fields.CharField(default='', max_length=600)),
                ('from_stage', fields.CharField(default='', max_length=12)),
                ('to_stage', fields.CharField(default='', max_length=12)),
                ('verdict', fields.CharField(default='applied', max_length=10)),
            ],
            options={'table': 'step', 'app': 'dispatch', 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='TaskPhoto',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('task', fields.ForeignKeyField('dispatch.Task', source_field='task_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('photo', fields.UUIDField(db_index=True)),
                ('sha256', fields.CharField(max_length=64)),
                ('role', fields.CharField(max_length=8)),
                ('pairs', fields.UUIDField(null=True)),
                ('step', fields.UUIDField(null=True)),
            ],
            options={'table': 'task_photo', 'app': 'dispatch', 'unique_together': (('task', 'photo', 'role'),), 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
    ]
