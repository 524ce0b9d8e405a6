"""Between the web server and Django: bodies come in by an event loop, a few threads answer."""
