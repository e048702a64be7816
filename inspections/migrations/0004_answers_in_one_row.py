from tortoise import migrations
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    dependencies = [('inspections', '0003_amendments')]

    initial = False

    operations = [
        ops.DeleteModel(name='AnswerRow'),
    ]
