"""What goes wrong with the private services."""


class ServicesError(Exception):
    """The private PostgreSQL or Valkey cannot do what was asked; the message says what helps."""
