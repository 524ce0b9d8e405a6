"""Each event keeps its own cause: pghistory need not look for one in its table of contexts.

It asks this function for each statement that writes; one of SQL costs nothing.
"""

from django.db import migrations

ATTACH_NOTHING = """
    CREATE OR REPLACE FUNCTION _pgh_attach_context() RETURNS uuid
    LANGUAGE sql STABLE AS $$ SELECT NULL::uuid $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ("config", "0003_functions"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [migrations.RunSQL(ATTACH_NOTHING, migrations.RunSQL.noop)]
