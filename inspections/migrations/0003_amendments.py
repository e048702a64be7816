from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise.fields.base import OnDelete
from uuid import uuid4
from villages.ground.fields import Moment
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('inspections', '0002_assignments_by_person')]

    initial = False

    operations = [
        ops.CreateModel(
            name='InspectionVersion',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('inspection', fields.ForeignKeyField('inspections.Inspection', source_field='inspection_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.RESTRICT)),
                ('number', fields.IntField()),
                ('document', fields.TextField(unique=False)),
                ('answers', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('score', fields.DecimalField(null=True, max_digits=5, decimal_places=1)),
                ('grade', fields.CharField(default='', max_length=12)),
                ('replaced_at', Moment(auto_now=False, auto_now_add=False)),
                ('rev', fields.BigIntField()),
            ],
            options={'table': 'inspection_version', 'app': 'inspections', 'unique_together': (('inspection', 'number'),), 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
    ]
