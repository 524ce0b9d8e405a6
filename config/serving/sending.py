"""How an answer is handed to the web server; a large file by its name, so that nobody holds it.

The web server then reads the file as quickly as the client does, and no quicker: one that reads
slowly, or not at all, occupies no thread and no memory of ours. When it goes away the web server
closes the file.
"""

import os
from typing import Any

from config.headers import pairs_of
from config.sizes import MB

AT_ONCE_BYTES = MB  # what is not more than this is held in memory
# How long the file stays open here: until the web server has surely opened it for itself.
KEPT_S = 10.0
OPEN_FILE = "/dev/fd/{}"  # the name of a file that is open in this process, and may have no other


def headers_of(response: Any) -> list[tuple[str, str]]:
    """The headers of a response, as the web server takes them."""
    cookies = [("Set-Cookie", cookie.OutputString()) for cookie in response.cookies.values()]
    return [*pairs_of(response), *cookies]


def file_of(response: Any) -> str | None:
    """The name of the file that a response sends whole, where that is a large one."""
    file: Any = getattr(response, "file_to_stream", None)
    length = int(response.get("Content-Length", 0)) if file is not None else 0
    if length <= AT_ONCE_BYTES or os.fstat(file.fileno()).st_size != length:
        return None
    return OPEN_FILE.format(file.fileno())
