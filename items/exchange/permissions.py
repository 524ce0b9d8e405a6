"""Who may import, and who may look at what was imported."""

VIEW_IMPORTS, IMPORT = "items.view_import", "items.add_import"
