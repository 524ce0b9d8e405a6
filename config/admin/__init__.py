"""The built-in admin: the site, and what every record's pages do."""
