-- The ledger's trigger: runs after each statement that has made movements (in the table `made`).
-- It refuses what is no sound movement, and keeps the levels and the sums.
-- Whoever books for an item waits here for whoever does so at the moment; by id, so that two
-- that book for several do not wait for each other.
PERFORM FROM items_item WHERE id IN (SELECT item_id FROM made) ORDER BY id FOR NO KEY UPDATE;

SELECT made.id, made.kind, source.kind AS "from", destination.kind AS "to" INTO wrong
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
    ELSE TRUE END  -- a reversal: looked at below
LIMIT 1;
IF FOUND THEN
    RAISE check_violation USING
        TABLE = 'items_movement', COLUMN = 'kind', CONSTRAINT = 'wrong_places',
        MESSAGE = format('A %s does not go from a %s to a %s location.',
            wrong.kind, wrong."from", wrong."to");
END IF;

-- A reversal is its original turned round, which is no reversal itself.
IF EXISTS (
    SELECT FROM made JOIN items_movement original ON original.id = made.reverses_id
    WHERE original.kind = 'reversal' OR (
        made.item_id, made.quantity, made.source_id, made.destination_id
    ) IS DISTINCT FROM (
        original.item_id, original.quantity, original.destination_id, original.source_id
    ) OR made.loan_id IS DISTINCT FROM original.loan_id
) THEN
    RAISE check_violation USING
        TABLE = 'items_movement', COLUMN = 'reverses_id', CONSTRAINT = 'not_its_reversal',
        MESSAGE = 'A reversal is its original turned round, whole; and a reversal has none.';
END IF;

-- What a person has, they have by a loan of theirs; and a loan is of nothing else.
IF EXISTS (
    SELECT FROM made
    JOIN items_location source ON source.id = made.source_id
    JOIN items_location destination ON destination.id = made.destination_id
    LEFT JOIN items_loan loan ON loan.id = made.loan_id
    WHERE CASE WHEN 'person' IN (source.kind, destination.kind)
        THEN (loan.item_id, loan.holder_id) IS DISTINCT FROM
            (made.item_id, coalesce(source.user_id, destination.user_id))
            OR (made.kind = 'check_out' AND loan.quantity <> made.quantity)
        ELSE made.loan_id IS NOT NULL END
) THEN
    RAISE check_violation USING
        TABLE = 'items_movement', COLUMN = 'loan_id', CONSTRAINT = 'wrong_loan',
        MESSAGE = 'A movement from or to a person belongs to that person''s loan of the item.';
END IF;

-- The levels.
WITH delta AS (
    SELECT item_id, location_id, sum(quantity) AS quantity FROM (
        SELECT item_id, source_id AS location_id, -quantity AS quantity FROM made
        UNION ALL SELECT item_id, destination_id, quantity FROM made
    ) AS each GROUP BY item_id, location_id
), changed AS (
    UPDATE items_stocklevel level SET quantity = level.quantity + delta.quantity
    FROM delta
    WHERE (level.item_id, level.location_id) = (delta.item_id, delta.location_id)
    RETURNING level.item_id, level.location_id
)
INSERT INTO items_stocklevel (item_id, location_id, quantity, outside)
SELECT delta.item_id, delta.location_id, delta.quantity, location.kind = 'outside'
FROM delta JOIN items_location location ON location.id = delta.location_id
WHERE (delta.item_id, delta.location_id) NOT IN (SELECT item_id, location_id FROM changed);

-- The sums of each item.
UPDATE items_item item
SET on_hand = item.on_hand + delta.on_hand, on_loan = item.on_loan + delta.on_loan
FROM (
    SELECT item_id,
        coalesce(sum(quantity) FILTER (WHERE kind = 'storage'), 0) AS on_hand,
        coalesce(sum(quantity) FILTER (WHERE kind = 'person'), 0) AS on_loan
    FROM (
        SELECT item_id, source_id AS location_id, -quantity AS quantity FROM made
        UNION ALL SELECT item_id, destination_id, quantity FROM made
    ) AS each JOIN items_location location ON location.id = location_id
    GROUP BY item_id
) AS delta
WHERE item.id = delta.item_id AND (delta.on_hand, delta.on_loan) <> (0, 0);

-- What has come back of each loan, and when the last of it did; what the check-out that opens it
-- has taken is its quantity.
UPDATE items_loan loan
SET returned = loan.returned + delta.returned,
    closed_at = CASE WHEN loan.returned + delta.returned >= loan.quantity THEN (
        SELECT max(created_at) FROM items_movement
        WHERE loan_id = loan.id AND kind <> 'check_out'
    ) END
FROM (
    SELECT loan_id, sum(CASE WHEN source.kind = 'person' THEN made.quantity
        WHEN made.kind = 'check_out' THEN 0 ELSE -made.quantity END) AS returned
    FROM made JOIN items_location source ON source.id = made.source_id
    WHERE loan_id IS NOT NULL GROUP BY loan_id
) AS delta
WHERE loan.id = delta.loan_id AND delta.returned <> 0;
RETURN NULL;
