#!/usr/bin/env python
"""The door for operators: `manage.py help` lists every command."""

import os
import sys
from pathlib import Path

from dotenv import load_dotenv


def main() -> None:
    """Run the command named on the command line, with `.env` read into the environment first."""
    load_dotenv(Path(__file__).resolve().parent / ".env", interpolate=False)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

    from config.local import prepare_environment

    prepare_environment(sys.argv[1] if len(sys.argv) > 1 else "")

    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError
    from psycopg.errors import UndefinedTable

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except OperationalError as error:
        sys.exit(
            f"The database does not answer: {str(error).strip()}\n"
            "(The private one is started by `manage.py services start`, or by `manage.py up`.)"
        )
    except ProgrammingError as error:
        if not isinstance(error.__cause__, UndefinedTable):
            raise
        sys.exit("The database has no tables yet: run `manage.py migrate` first.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell reports it
