"""What tables of several apps ask for: a text's search form, and a currency's decimals."""

from django.db import migrations

# SQL, of which PostgreSQL makes a part of the statement that calls it.
SEARCH_FORM = r"""
    CREATE FUNCTION search_form(text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT lower(regexp_replace(
            regexp_replace(normalize($1, NFKD), '[\u0300-\u036f]', '', 'g'),
            '([!-/:-@\[-`{-~])', '\1 ', 'g'
        ))
    $$
"""
# PL/pgSQL, which a connection reads once.
CURRENCY_DECIMALS = """
    CREATE FUNCTION currency_decimals(code text) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
    BEGIN
        RETURN CASE
            WHEN code IN (
                'AED', 'AFN', 'ALL', 'AMD', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD',
                'BDT', 'BMD', 'BND', 'BOB', 'BRL', 'BSD', 'BTN', 'BWP', 'BYN', 'BZD', 'CAD',
                'CDF', 'CHF', 'CNY', 'COP', 'CRC', 'CUP', 'CVE', 'CZK', 'DKK', 'DOP', 'DZD',
                'EGP', 'ERN', 'ETB', 'EUR', 'FJD', 'FKP', 'GBP', 'GEL', 'GHS', 'GIP', 'GMD',
                'GTQ', 'GYD', 'HKD', 'HNL', 'HTG', 'HUF', 'IDR', 'ILS', 'INR', 'IRR', 'JMD',
                'KES', 'KGS', 'KHR', 'KPW', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL',
                'MAD', 'MDL', 'MGA', 'MKD', 'MMK', 'MNT', 'MOP', 'MRU', 'MUR', 'MVR', 'MWK',
                'MXN', 'MYR', 'MZN', 'NAD', 'NGN', 'NIO', 'NOK', 'NPR', 'NZD', 'PAB', 'PEN',
                'PGK', 'PHP', 'PKR', 'PLN', 'QAR', 'RON', 'RSD', 'RUB', 'SAR', 'SBD', 'SCR',
                'SDG', 'SEK', 'SGD', 'SHP', 'SLE', 'SOS', 'SRD', 'SSP', 'STN', 'SVC', 'SYP',
                'SZL', 'THB', 'TJS', 'TMT', 'TOP', 'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'USD',
                'UYU', 'UZS', 'VED', 'VES', 'WST', 'XCD', 'XCG', 'YER', 'ZAR', 'ZMW', 'ZWG'
            ) THEN 2
            WHEN code IN (
                'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX',
                'VND', 'VUV', 'XAF', 'XOF', 'XPF'
            ) THEN 0
            WHEN code IN (
                'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'
            ) THEN 3
            WHEN code IN (
                'CLF', 'UYW'
            ) THEN 4
        END;
    END
    $$
"""


class Migration(migrations.Migration):

    dependencies = [("config", "0002_row_counts")]

    operations = [
        migrations.RunSQL(SEARCH_FORM, "DROP FUNCTION search_form(text)"),
        migrations.RunSQL(CURRENCY_DECIMALS, "DROP FUNCTION currency_decimals(text)"),
    ]
