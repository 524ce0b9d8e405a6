"""What goes wrong with a backup."""


class BackupError(Exception):
    """No backup was made, or none restored; the message says why and what helps."""
