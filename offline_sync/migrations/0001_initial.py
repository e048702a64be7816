from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from uuid import uuid4
from villages.ground.fields import Moment
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='Card',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('person', fields.UUIDField()),
                ('command', fields.UUIDField()),
                ('status', fields.CharField(max_length=12)),
                ('reason', fields.CharField(max_length=24)),
                ('about_kind', fields.CharField(max_length=20)),
                ('about_id', fields.CharField(max_length=64)),
                ('text', fields.CharField(default='', max_length=600)),
                ('at', Moment(auto_now=False, auto_now_add=False)),
                ('dismissed', fields.BooleanField(default=False)),
                ('rev', fields.BigIntField()),
            ],
            options={'table': 'card', 'app': 'offline_sync', 'indexes': [Index(fields=['person', 'rev'])], 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Command',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('replica', fields.UUIDField()),
                ('seq', fields.BigIntField()),
                ('person', fields.UUIDField()),
                ('verb', fields.CharField(max_length=40)),
                ('v', fields.IntField()),
                ('body_hash', fields.CharField(max_length=64)),
                ('payload', fields.TextField(unique=False)),
                ('status', fields.CharField(max_length=10)),
                ('reason', fields.CharField(default='', max_length=24)),
                ('detail', fields.CharField(default='', max_length=600)),
                ('data', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('mono', fields.BigIntField(null=True)),
                ('boot', fields.CharField(default='', max_length=64)),
                ('skew_seconds', fields.IntField(null=True)),
                ('heard_at', Moment(auto_now=False, auto_now_add=False)),
                ('rev', fields.BigIntField()),
                ('decision', fields.CharField(default='', max_length=12)),
            ],
            options={'table': 'command', 'app': 'offline_sync', 'unique_together': (('replica', 'seq'),), 'indexes': [Index(fields=['status', 'decision'])], 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CommandTry',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('tries', fields.IntField(default=0)),
                ('error', fields.CharField(default='', max_length=300)),
            ],
            options={'table': 'command_try', 'app': 'offline_sync', 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Device',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('district', fields.CharField(max_length=6)),
                ('label', fields.CharField(max_length=80)),
                ('platform', fields.CharField(default='', max_length=80)),
                ('build', fields.CharField(default='', max_length=40)),
                ('revoked', fields.BooleanField(default=False)),
                ('first_seen', Moment(auto_now=False, auto_now_add=False)),
                ('rev', fields.BigIntField()),
            ],
            options={'table': 'device', 'app': 'offline_sync', 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Draft',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('inspection', fields.UUIDField()),
                ('person', fields.UUIDField()),
                ('rev', fields.BigIntField()),
                ('doc', fields.TextField(unique=False)),
                ('heard_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'draft', 'app': 'offline_sync', 'unique_together': (('inspection', 'person'),), 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Replica',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('district', fields.CharField(max_length=6)),
                ('person', fields.UUIDField()),
                ('device', fields.UUIDField(null=True)),
                ('last_seq', fields.BigIntField(default=0)),
                ('seen', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'replica', 'app': 'offline_sync', 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Stranger',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('command', fields.UUIDField()),
                ('replica', fields.UUIDField()),
                ('person', fields.UUIDField()),
                ('body_hash', fields.CharField(max_length=64)),
                ('payload', fields.TextField(unique=False)),
                ('heard_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'stranger', 'app': 'offline_sync', 'unique_together': (('command', 'body_hash'),), 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Upload',
            fields=[
                ('sha256', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('person', fields.UUIDField()),
                ('size', fields.BigIntField()),
                ('offset', fields.BigIntField(default=0)),
                ('mime', fields.CharField(default='', max_length=40)),
                ('expires', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'upload', 'app': 'offline_sync', 'pk_attr': 'sha256', 'table_description': ' '},
            bases=['Model'],
        ),
    ]
