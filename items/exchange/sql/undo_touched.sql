-- What has been edited since: a new item has version 1, one that was changed one more than planned.
UPDATE {undone} undone SET why = 'It has been edited since.'
WHERE (is_made AND version_now <> 1) OR (is_changed AND version_now <> version + 1)
