-- The new nodes that a row which will be applied names, with all above them.
CREATE TABLE {needed_node} AS
WITH RECURSIVE named AS (
    SELECT 'category' AS what, {n_category} AS id FROM {plan_item}
    WHERE outcome IN ('create', 'update')
    UNION SELECT 'location', location_id FROM {stock} stock WHERE stock.what IN ('open', 'count')
    UNION SELECT CASE subject WHEN 'place' THEN 'location' ELSE subject END, target_id
    FROM {plan_place} WHERE outcome <> 'refused'
), needed AS (
    SELECT new_node.* FROM {new_node} new_node JOIN named USING (what, id)
    UNION
    SELECT above.* FROM {new_node} above JOIN needed below
        ON above.what = below.what AND above.id = below.parent_id
)
SELECT * FROM needed
