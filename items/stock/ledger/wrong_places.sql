SELECT format(
    'A %s does not go from a %s to a %s location.', made.kind, source.kind, destination.kind
)
FROM made
JOIN items_location source ON source.id = made.source_id
JOIN items_location destination ON destination.id = made.destination_id
WHERE NOT CASE made.kind
    WHEN 'receive' THEN source.kind = 'outside' AND destination.kind = 'storage'
    WHEN 'issue' THEN source.kind = 'storage' AND destination.kind = 'outside'
    WHEN 'transfer' THEN source.kind = 'storage' AND destination.kind = 'storage'
    WHEN 'count' THEN (source.kind, destination.kind)
        IN (('outside', 'storage'), ('storage', 'outside'))
    WHEN 'check_out' THEN source.kind = 'storage' AND destination.kind = 'person'
    WHEN 'check_in' THEN source.kind = 'person' AND destination.kind = 'storage'
    WHEN 'write_off' THEN source.kind IN ('storage', 'person') AND destination.kind = 'outside'
    ELSE TRUE END  -- a reversal: looked at in not_its_reversal.sql
LIMIT 1
