"""Triggers that a statement which does not concern them is not asked about."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('items', '0010_search_texts'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='category',
            name='keep',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='category',
            name='touch',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='item',
            name='keep',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='item',
            name='touch',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='item',
            name='added_up',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='loan',
            name='added_up',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='loan',
            name='keep',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='loan',
            name='touch',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='location',
            name='keep',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='location',
            name='touch',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='category',
            trigger=pgtrigger.compiler.Trigger(name='keep', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."updated_at" IS DISTINCT FROM (NEW."updated_at"))', func='NEW.updated_at = OLD.updated_at; RETURN NEW;', hash='dac8d0093eae2f1f762e68864ac6eaf57a6db9f5', operation='UPDATE OF "updated_at"', pgid='pgtrigger_keep_94ba6', table='items_category', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='category',
            trigger=pgtrigger.compiler.Trigger(name='touch', sql=pgtrigger.compiler.UpsertTriggerSql(func='IF (OLD.id, OLD.name, OLD.created_at, OLD.parent_id) IS DISTINCT FROM (NEW.id, NEW.name, NEW.created_at, NEW.parent_id) THEN NEW.updated_at = statement_timestamp();  END IF; RETURN NEW;', hash='19401a35d3ff2b92c03965d24e39df73f7b3a7ba', operation='UPDATE OF "id", "name", "created_at", "parent_id"', pgid='pgtrigger_touch_0cc0b', table='items_category', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='item',
            trigger=pgtrigger.compiler.Trigger(name='added_up', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (pg_trigger_depth() = 0 AND (NEW.on_hand IS DISTINCT FROM OLD.on_hand OR NEW.on_loan IS DISTINCT FROM OLD.on_loan))', func='NEW.on_hand = OLD.on_hand; NEW.on_loan = OLD.on_loan; RETURN NEW;', hash='3630084734df7a90e76646c76409ce627afdfe86', operation='UPDATE OF "on_hand", "on_loan"', pgid='pgtrigger_added_up_2fcb4', table='items_item', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='item',
            trigger=pgtrigger.compiler.Trigger(name='keep', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."updated_at" IS DISTINCT FROM (NEW."updated_at") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func='NEW.updated_at = OLD.updated_at; NEW.version = OLD.version; RETURN NEW;', hash='2f33cae2f6912dd6e47e13ed097e5b445a34404c', operation='UPDATE OF "updated_at", "version"', pgid='pgtrigger_keep_d7d46', table='items_item', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='item',
            trigger=pgtrigger.compiler.Trigger(name='touch', sql=pgtrigger.compiler.UpsertTriggerSql(func='IF (OLD.id, OLD.sku, OLD.name, OLD.description, OLD.category_id, OLD.owner_id, OLD.status, OLD.unit, OLD.unit_price, OLD.currency, OLD.tags, OLD.attributes, OLD.barcode, OLD.serial_number, OLD.reorder_point, OLD.created_at) IS DISTINCT FROM (NEW.id, NEW.sku, NEW.name, NEW.description, NEW.category_id, NEW.owner_id, NEW.status, NEW.unit, NEW.unit_price, NEW.currency, NEW.tags, NEW.attributes, NEW.barcode, NEW.serial_number, NEW.reorder_point, NEW.created_at) THEN NEW.updated_at = statement_timestamp(); NEW.version = OLD.version + 1; END IF; RETURN NEW;', hash='9c50ce40ab69ef2495eec560ea014b7159030c17', operation='UPDATE OF "id", "sku", "name", "description", "category_id", "owner_id", "status", "unit", "unit_price", "currency", "tags", "attributes", "barcode", "serial_number", "reorder_point", "created_at"', pgid='pgtrigger_touch_109d5', table='items_item', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='loan',
            trigger=pgtrigger.compiler.Trigger(name='added_up', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (pg_trigger_depth() = 0 AND (NEW.returned IS DISTINCT FROM OLD.returned OR NEW.closed_at IS DISTINCT FROM OLD.closed_at))', func='NEW.returned = OLD.returned; NEW.closed_at = OLD.closed_at; RETURN NEW;', hash='03029e3765afae0d1cbd0e8f46e12a41be5c5d6d', operation='UPDATE OF "returned", "closed_at"', pgid='pgtrigger_added_up_70cac', table='items_loan', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='loan',
            trigger=pgtrigger.compiler.Trigger(name='keep', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."updated_at" IS DISTINCT FROM (NEW."updated_at"))', func='NEW.updated_at = OLD.updated_at; RETURN NEW;', hash='cc87c347baff0509abb4005737fa3c56127631ed', operation='UPDATE OF "updated_at"', pgid='pgtrigger_keep_19291', table='items_loan', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='loan',
            trigger=pgtrigger.compiler.Trigger(name='touch', sql=pgtrigger.compiler.UpsertTriggerSql(func='IF (OLD.id, OLD.item_id, OLD.holder_id, OLD.quantity, OLD.due_at, OLD.opened_at) IS DISTINCT FROM (NEW.id, NEW.item_id, NEW.holder_id, NEW.quantity, NEW.due_at, NEW.opened_at) THEN NEW.updated_at = statement_timestamp();  END IF; RETURN NEW;', hash='b1e713e487864dcdafa348ae6790a94c557d5c98', operation='UPDATE OF "id", "item_id", "holder_id", "quantity", "due_at", "opened_at"', pgid='pgtrigger_touch_a49b7', table='items_loan', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='location',
            trigger=pgtrigger.compiler.Trigger(name='keep', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."updated_at" IS DISTINCT FROM (NEW."updated_at"))', func='NEW.updated_at = OLD.updated_at; RETURN NEW;', hash='375d69989ac4fb0e9fbe7921a7006c4868cb1e8e', operation='UPDATE OF "updated_at"', pgid='pgtrigger_keep_a14d1', table='items_location', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='location',
            trigger=pgtrigger.compiler.Trigger(name='touch', sql=pgtrigger.compiler.UpsertTriggerSql(func='IF (OLD.id, OLD.name, OLD.created_at, OLD.parent_id, OLD.kind, OLD.user_id) IS DISTINCT FROM (NEW.id, NEW.name, NEW.created_at, NEW.parent_id, NEW.kind, NEW.user_id) THEN NEW.updated_at = statement_timestamp();  END IF; RETURN NEW;', hash='f6a7871425011473b528136196970a93ca4772da', operation='UPDATE OF "id", "name", "created_at", "parent_id", "kind", "user_id"', pgid='pgtrigger_touch_700ea', table='items_location', when='BEFORE')),
        ),
    ]
