"""What rows are found by in tables of their own, so that other changes spare its index."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('config', '0003_functions'),
        ('users', '0004_fewer_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='UserSearchText',
            fields=[
                ('text', models.TextField()),
                ('row', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='search_text', serialize=False, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        # Before its column goes.
        migrations.RunSQL(
            'INSERT INTO users_usersearchtext (row_id, text) SELECT id, search_text FROM users_user',
            migrations.RunSQL.noop,
        ),
        migrations.RemoveIndex(
            model_name='user',
            name='user_search',
        ),
        migrations.RemoveField(
            model_name='user',
            name='search_text',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='search_made', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                INSERT INTO users_usersearchtext (row_id, text) SELECT id, ' ' || search_form(concat_ws(' ', name, email)) FROM made;\n                RETURN NULL;\n            ", hash='d7d6f3d00ffab2cdac95c95aaa0d3195f7edf67c', level='STATEMENT', operation='INSERT', pgid='pgtrigger_search_made_81b11', referencing='REFERENCING NEW TABLE AS made ', table='users_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='search_changed', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name"))', func="\n                UPDATE users_usersearchtext SET row_id = NEW.id, text = ' ' || search_form(concat_ws(' ', NEW.name, NEW.email))\n                WHERE row_id = OLD.id;\n                RETURN NULL;\n            ", hash='ebf0c0aa715b0abd6237556a745b559c56a9fbf3', operation='UPDATE OF "id", "name", "email"', pgid='pgtrigger_search_changed_1c24c', table='users_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='search_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                DELETE FROM users_usersearchtext WHERE row_id IN (SELECT id FROM deleted);\n                RETURN NULL;\n            ', hash='7380d667228402d43bfe5d2db342e558a8cac771', level='STATEMENT', operation='DELETE', pgid='pgtrigger_search_deleted_15934', referencing='REFERENCING OLD TABLE AS deleted ', table='users_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='search_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(func='DELETE FROM users_usersearchtext; RETURN NULL;', hash='7407b5b10a860d113da502568218c0ebdf1e641e', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_search_emptied_3a148', table='users_user', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='usersearchtext',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass('text', 'gin_trgm_ops'), gin_pending_list_limit=256, name='user_search'),
        ),
    ]
