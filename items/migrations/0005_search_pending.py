"""Searches look through less that is not in their index yet; nothing is built anew."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("items", "0004_row_counts")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER INDEX item_search SET (gin_pending_list_limit = 256)",
                    "ALTER INDEX item_search RESET (gin_pending_list_limit)",
                ),
            ],
            state_operations=[
                migrations.RemoveIndex(model_name="item", name="item_search"),
                migrations.AddIndex(
                    model_name="item",
                    index=django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("search_text", "gin_trgm_ops"),
                        gin_pending_list_limit=256,
                        name="item_search",
                    ),
                ),
            ],
        ),
    ]
