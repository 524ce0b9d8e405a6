"""Triggers that a statement which does not concern them is not asked about."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0005_search_texts'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='user',
            name='keep',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='user',
            name='touch',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='keep', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."updated_at" IS DISTINCT FROM (NEW."updated_at"))', func='NEW.updated_at = OLD.updated_at; RETURN NEW;', hash='e3815f3f09a55ca2c6c98b35a481271aee84c1b3', operation='UPDATE OF "updated_at"', pgid='pgtrigger_keep_53d24', table='users_user', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='touch', sql=pgtrigger.compiler.UpsertTriggerSql(func='IF (OLD.id, OLD.password, OLD.is_superuser, OLD.email, OLD.name, OLD.age, OLD.is_active, OLD.is_staff, OLD.created_at) IS DISTINCT FROM (NEW.id, NEW.password, NEW.is_superuser, NEW.email, NEW.name, NEW.age, NEW.is_active, NEW.is_staff, NEW.created_at) THEN NEW.updated_at = statement_timestamp();  END IF; RETURN NEW;', hash='820856141967de69bf5dd8d13ef60560a79b2141', operation='UPDATE OF "id", "password", "is_superuser", "email", "name", "age", "is_active", "is_staff", "created_at"', pgid='pgtrigger_touch_7f2b3', table='users_user', when='BEFORE')),
        ),
    ]
