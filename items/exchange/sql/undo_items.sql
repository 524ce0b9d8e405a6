UPDATE items_item item SET status = 'retired'
FROM {undone} undone WHERE item.id = item_id AND why = '' AND is_made AND status <> 'retired'
