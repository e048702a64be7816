from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('villages', '0001_initial')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Leaving',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('scope', fields.CharField(max_length=40)),
                ('kind', fields.CharField(max_length=12)),
                ('row_id', fields.CharField(max_length=64)),
                ('rev', fields.BigIntField()),
            ],
            options={'table': 'leaving', 'app': 'villages', 'indexes': [Index(fields=['scope', 'rev'])], 'pk_attr': 'id', 'table_description': ' '},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Session',
            name='by_ticket',
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
