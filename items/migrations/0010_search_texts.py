"""What rows are found by in a table of its own; currencies are told by a function."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.math
import django.db.models.lookups
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('config', '0003_functions'),
        ('items', '0009_fewer_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ItemSearchText',
            fields=[
                ('text', models.TextField()),
                ('row', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='search_text', serialize=False, to='items.item')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        # Before its column goes.
        migrations.RunSQL(
            'INSERT INTO items_itemsearchtext (row_id, text) SELECT id, search_text FROM items_item',
            migrations.RunSQL.noop,
        ),
        migrations.RemoveConstraint(
            model_name='item',
            name='item_currency_known',
        ),
        migrations.RemoveConstraint(
            model_name='item',
            name='item_unit_price_fits_currency',
        ),
        migrations.RemoveIndex(
            model_name='item',
            name='item_search',
        ),
        migrations.RemoveField(
            model_name='item',
            name='search_text',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='item',
            trigger=pgtrigger.compiler.Trigger(name='search_made', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO items_itemsearchtext (row_id, text) SELECT id, ' ' || search_form(concat_ws(' ', sku, name, description, barcode, serial_number)) FROM made;\n                RETURN NULL;\n            ", hash='27227e9f0004dad77e2923dd491e354a246babcf', level='STATEMENT', operation='INSERT', pgid='pgtrigger_search_made_eaf24', referencing='REFERENCING NEW TABLE AS made ', table='items_item', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='item',
            trigger=pgtrigger.compiler.Trigger(name='search_changed', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."barcode" IS DISTINCT FROM (NEW."barcode") OR OLD."description" IS DISTINCT FROM (NEW."description") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."serial_number" IS DISTINCT FROM (NEW."serial_number") OR OLD."sku" IS DISTINCT FROM (NEW."sku"))', func="\n                UPDATE items_itemsearchtext SET row_id = NEW.id, text = ' ' || search_form(concat_ws(' ', NEW.sku, NEW.name, NEW.description, NEW.barcode, NEW.serial_number))\n                WHERE row_id = OLD.id;\n                RETURN NULL;\n            ", hash='f2a1d406154172126893e688ebff41d29041a95b', operation='UPDATE OF "id", "sku", "name", "description", "barcode", "serial_number"', pgid='pgtrigger_search_changed_5ef7b', table='items_item', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='item',
            trigger=pgtrigger.compiler.Trigger(name='search_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                DELETE FROM items_itemsearchtext WHERE row_id IN (SELECT id FROM deleted);\n                RETURN NULL;\n            ', hash='9f2d1c75056e7b46f5fed4f31153d1ef8572b52a', level='STATEMENT', operation='DELETE', pgid='pgtrigger_search_deleted_38469', referencing='REFERENCING OLD TABLE AS deleted ', table='items_item', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='item',
            trigger=pgtrigger.compiler.Trigger(name='search_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func='DELETE FROM items_itemsearchtext; RETURN NULL;', hash='0046c407127f0eb4802584aa4ee815ec74ec77d0', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_search_emptied_57bd7', table='items_item', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.IsNull(models.Func('currency', function='currency_decimals', output_field=models.IntegerField()), False), name='item_currency_known', violation_error_message='The currency must be a code of ISO 4217.'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('unit_price__isnull', True), ('unit_price', django.db.models.functions.math.Round(models.F('unit_price'), precision=models.Func('currency', function='currency_decimals', output_field=models.IntegerField()))), _connector='OR'), name='item_unit_price_fits_currency', violation_error_code='too_many_decimals', violation_error_message='The price has more decimals than its currency.'),
        ),
        migrations.AddIndex(
            model_name='itemsearchtext',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass('text', 'gin_trgm_ops'), gin_pending_list_limit=256, name='item_search'),
        ),
    ]
