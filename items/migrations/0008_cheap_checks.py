"""The currencies that a CHECK knows are one constant, which is read for each write."""

import django.contrib.postgres.fields
import django.db.models.functions.math
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('items', '0007_imports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='item',
            name='item_currency_known',
        ),
        migrations.RemoveConstraint(
            model_name='item',
            name='item_unit_price_fits_currency',
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Func(models.F('currency'), models.Value(['AED', 'AFN', 'ALL', 'AMD', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT', 'BHD', 'BIF', 'BMD', 'BND', 'BOB', 'BRL', 'BSD', 'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF', 'CHF', 'CLF', 'CLP', 'CNY', 'COP', 'CRC', 'CUP', 'CVE', 'CZK', 'DJF', 'DKK', 'DOP', 'DZD', 'EGP', 'ERN', 'ETB', 'EUR', 'FJD', 'FKP', 'GBP', 'GEL', 'GHS', 'GIP', 'GMD', 'GNF', 'GTQ', 'GYD', 'HKD', 'HNL', 'HTG', 'HUF', 'IDR', 'ILS', 'INR', 'IQD', 'IRR', 'ISK', 'JMD', 'JOD', 'JPY', 'KES', 'KGS', 'KHR', 'KMF', 'KPW', 'KRW', 'KWD', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL', 'LYD', 'MAD', 'MDL', 'MGA', 'MKD', 'MMK', 'MNT', 'MOP', 'MRU', 'MUR', 'MVR', 'MWK', 'MXN', 'MYR', 'MZN', 'NAD', 'NGN', 'NIO', 'NOK', 'NPR', 'NZD', 'OMR', 'PAB', 'PEN', 'PGK', 'PHP', 'PKR', 'PLN', 'PYG', 'QAR', 'RON', 'RSD', 'RUB', 'RWF', 'SAR', 'SBD', 'SCR', 'SDG', 'SEK', 'SGD', 'SHP', 'SLE', 'SOS', 'SRD', 'SSP', 'STN', 'SVC', 'SYP', 'SZL', 'THB', 'TJS', 'TMT', 'TND', 'TOP', 'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'UGX', 'USD', 'UYU', 'UYW', 'UZS', 'VED', 'VES', 'VND', 'VUV', 'WST', 'XAF', 'XCD', 'XCG', 'XOF', 'XPF', 'YER', 'ZAR', 'ZMW', 'ZWG'], django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)), arg_joiner=' = ANY(', output_field=models.BooleanField(), template='%(expressions)s)'), name='item_currency_known', violation_error_message='The currency must be a code of ISO 4217.'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('unit_price__isnull', True), ('unit_price', django.db.models.functions.math.Round(models.F('unit_price'), precision=models.Case(models.When(models.Func(models.F('currency'), models.Value(['BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'], django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)), arg_joiner=' = ANY(', output_field=models.BooleanField(), template='%(expressions)s)'), then=models.Value(0)), models.When(models.Func(models.F('currency'), models.Value(['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'], django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)), arg_joiner=' = ANY(', output_field=models.BooleanField(), template='%(expressions)s)'), then=models.Value(3)), models.When(models.Func(models.F('currency'), models.Value(['CLF', 'UYW'], django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)), arg_joiner=' = ANY(', output_field=models.BooleanField(), template='%(expressions)s)'), then=models.Value(4)), default=models.Value(2)))), _connector='OR'), name='item_unit_price_fits_currency', violation_error_code='too_many_decimals', violation_error_message='The price has more decimals than its currency.'),
        ),
    ]
