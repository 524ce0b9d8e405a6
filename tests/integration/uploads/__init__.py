"""A Stockroom with a place for files, which says what has come."""
