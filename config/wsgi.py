"""The door for any other WSGI server: `config.wsgi:application`."""

from config.web import handler

application = handler()
