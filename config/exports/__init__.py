"""Rows of any table as a file: CSV, JSON lines or a workbook, at the speed of PostgreSQL's COPY."""
