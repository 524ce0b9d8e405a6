"""An export as the answer to a request."""

import tempfile
from typing import Any

from django.conf import settings
from django.contrib.auth import get_permission_codename, get_user_model
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header

from config.exports import writing
from config.exports.tables import Table
from config.exports.writing import Format
from config.sizes import KB

BLOCK_BYTES = 256 * KB


class ExportResponse(FileResponse):
    """A file of its own, which is gone when the answer is closed."""

    block_size = BLOCK_BYTES


def answer(
    rows: QuerySet[Any], table: Table, form: Format, *, reader: Any, head: bool = False
) -> HttpResponseBase:
    """The rows as a file for `reader`; when only the `head` is asked for, without making it.

    It is made whole before anything is sent, so that a slow client keeps neither a thread nor the
    database, and a failure is answered as one. Raises TooLarge.
    """
    name = f"{table.name}-{timezone.now():%Y-%m-%d}.{form.name}"
    if head:
        shown = content_disposition_header(as_attachment=True, filename=name)
        headers = {"Content-Disposition": str(shown)}
        return HttpResponse(content_type=form.media_type, headers=headers)
    # Closed by the answer; until then it has no name that anybody could find.
    file = tempfile.TemporaryFile(  # noqa: SIM115
        dir=settings.FILE_UPLOAD_TEMP_DIR, buffering=BLOCK_BYTES
    )
    try:
        writing.write(rows, table, form, file, emails=may_see_emails(reader))
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return ExportResponse(file, as_attachment=True, filename=name, content_type=form.media_type)


def may_see_emails(user: Any) -> bool:
    """Whether somebody may see the e-mails of others: with the right to view users."""
    people = get_user_model()._meta
    right = f"{people.app_label}.{get_permission_codename('view', people)}"
    return bool(user.has_perm(right))
