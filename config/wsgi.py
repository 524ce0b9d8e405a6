"""The door for any other WSGI server: `config.wsgi:application`."""

from django.core.handlers.wsgi import WSGIHandler

from config.web import set_up

set_up()
application = WSGIHandler()
