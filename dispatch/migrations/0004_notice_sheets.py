from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from uuid import uuid4
from villages.ground.fields import Moment
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('dispatch', '0003_notices_and_letters')]

    initial = False

    operations = [
        ops.CreateModel(
            name='NoticeSheet',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('code', fields.CharField(unique=True, max_length=12)),
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
            options={'table': 'notice_sheet', 'app': 'dispatch', 'unique_together': (('village', 'number'),), 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
    ]
