-- How the source calls each thing, and what it says of it besides.
INSERT INTO items_externalkey (source, key, {column}, more)
SELECT {source}, key, target_id, {more} FROM {plan}
WHERE outcome <> 'refused' AND key IS NOT NULL AND target_id IS NOT NULL AND {which}
ON CONFLICT (source, key) WHERE {column} IS NOT NULL
    DO UPDATE SET more = items_externalkey.more || excluded.more
    WHERE items_externalkey.more IS DISTINCT FROM items_externalkey.more || excluded.more
