"""A large file is handed to the web server by its name, everything else as it is."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from django.http import FileResponse, HttpResponse

from config.serving.sending import AT_ONCE_BYTES, file_of, headers_of

LARGE = b"x" * (AT_ONCE_BYTES + 1)


@pytest.fixture
def file() -> Iterator[IO[bytes]]:
    """A file without a name."""
    with tempfile.TemporaryFile() as file:
        yield file


def response_of(file: IO[bytes], content: bytes, start: int = 0) -> FileResponse:
    file.write(content)
    file.seek(start)
    return FileResponse(file)


def test_its_whole_content_when_the_name_of_a_large_file_is_opened(file: IO[bytes]) -> None:
    name = file_of(response_of(file, LARGE))
    assert name is not None
    assert Path(name).read_bytes() == LARGE


def test_no_name_when_a_file_is_small(file: IO[bytes]) -> None:
    assert file_of(response_of(file, LARGE[:-1])) is None


def test_no_name_when_a_part_of_a_file_is_sent(file: IO[bytes]) -> None:
    assert file_of(response_of(file, LARGE * 2, start=1)) is None


@pytest.mark.parametrize("response", [HttpResponse(LARGE), HttpResponse()])
def test_no_name_when_an_answer_is_no_file(response: Any) -> None:
    assert file_of(response) is None


def test_every_cookie_when_the_headers_are_written() -> None:
    response = HttpResponse(headers={"X-A": "1"})
    response.set_cookie("a", "b")
    response.set_cookie("c", "d")
    assert [name for name, _ in headers_of(response)].count("Set-Cookie") == 2
