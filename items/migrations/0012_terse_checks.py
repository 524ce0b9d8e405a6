"""The same rules in fewer words, which are read for each write."""

import django.contrib.postgres.fields
import django.db.models.functions.math
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('items', '0011_swift_triggers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='item',
            name='item_barcode_not_blank',
        ),
        migrations.RemoveConstraint(
            model_name='item',
            name='item_serial_number_not_blank',
        ),
        migrations.RemoveConstraint(
            model_name='item',
            name='item_status_known',
        ),
        migrations.RemoveConstraint(
            model_name='item',
            name='item_unit_price_not_negative',
        ),
        migrations.RemoveConstraint(
            model_name='item',
            name='item_reorder_point_not_negative',
        ),
        migrations.RemoveConstraint(
            model_name='item',
            name='item_unit_price_fits_currency',
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('barcode__gt', '')), name='item_barcode_not_blank', violation_error_message='No barcode is null, not an empty text.'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('serial_number__gt', '')), name='item_serial_number_not_blank', violation_error_message='No serial number is null, not an empty text.'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Func(models.F('status'), models.Value(['draft', 'active', 'retired'], django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)), arg_joiner=' = ANY(', output_field=models.BooleanField(), template='%(expressions)s)'), name='item_status_known', violation_error_message='The status must be draft, active or retired.'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('unit_price__gte', 0)), name='item_unit_price_not_negative', violation_error_message='The price may not be negative.'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('unit_price', django.db.models.functions.math.Round(models.F('unit_price'), precision=models.Func('currency', function='currency_decimals', output_field=models.IntegerField())))), name='item_unit_price_fits_currency', violation_error_code='too_many_decimals', violation_error_message='The price has more decimals than its currency.'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('reorder_point__gte', 0)), name='item_reorder_point_not_negative', violation_error_message='The reorder point may not be negative.'),
        ),
    ]
