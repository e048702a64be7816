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
    dependencies = [('dispatch', '0005_from_ledgers')]

    initial = False

    operations = [
        ops.CreateModel(
            name='LookBack',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('district', fields.CharField(max_length=6)),
                ('year', fields.IntField()),
                ('ordinal', fields.IntField()),
                ('seed', fields.CharField(max_length=64)),
                ('share', fields.IntField()),
                ('since', Moment(auto_now=False, auto_now_add=False)),
                ('until', Moment(auto_now=False, auto_now_add=False)),
                ('due', Moment(auto_now=False, auto_now_add=False)),
                ('fixed_at', Moment(auto_now=False, auto_now_add=False)),
                ('fixed_by', fields.UUIDField(null=True)),
                ('drawn_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('drawn_from', fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('rev', fields.BigIntField()),
            ],
            options={'table': 'look_back', 'app': 'dispatch', 'unique_together': (('district', 'year', 'ordinal'),), 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='LookBackTask',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('look_back', fields.ForeignKeyField('dispatch.LookBack', source_field='look_back_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('task', fields.ForeignKeyField('dispatch.Task', source_field='task_id', db_index=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('village', fields.CharField(max_length=12)),
                ('person', fields.UUIDField(null=True)),
                ('drawn_person', fields.UUIDField(null=True)),
                ('reason', fields.CharField(default='', db_default='', max_length=200)),
                ('outcome', fields.CharField(default='', db_default='', max_length=8)),
                ('done_rev', fields.BigIntField(null=True)),
                ('rev', fields.BigIntField()),
            ],
            options={'table': 'look_back_task', 'app': 'dispatch', 'unique_together': (('look_back', 'task'),), 'indexes': [Index(fields=['person', 'rev']), Index(fields=['village', 'outcome'])], 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Task',
            name='split_from',
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name='Task',
            name='sweep_by',
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name='Task',
            name='sweep_until',
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name='Task',
            index=Index(fields=['sweep_until']),
        ),
    ]
