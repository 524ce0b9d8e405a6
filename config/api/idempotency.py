"""Idempotency-Key: a POST that is sent again, since its answer was lost, does its work once.

The outcome is kept in the same transaction as the effect: both are there, or neither is. Two at
once meet at the unique index, where the second waits for the first to end.
"""

import json
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from config.api.envelope import JSON_TYPE
from config.errors import Conflict
from config.models import IDEMPOTENCY_KEY_MAX_LENGTH, PATH_MAX_LENGTH, IdempotencyRecord

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
KEPT_HEADERS = ("Location", "ETag")
KEY = re.compile(rf"[!-~]{{1,{IDEMPOTENCY_KEY_MAX_LENGTH}}}")


def done_once(request: Request, work: Callable[[], HttpResponse]) -> HttpResponse:
    """What `work` answers, or has answered to the same request with the same key before.

    To be called inside the transaction of the work; without the header it just works. An error of
    `work` crosses, and keeps nothing. Raises ParseError for a key that is none, and Conflict when
    the key came with another body.
    """
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return work()
    if not KEY.fullmatch(key):
        raise ParseError(
            f"{HEADER} takes from 1 to {IDEMPOTENCY_KEY_MAX_LENGTH} visible ASCII characters."
        )
    if len(request.path) > PATH_MAX_LENGTH:
        raise Http404  # no resource of ours has such a path
    digests = _digests(request)
    record = _claimed(request, key, digests[0])
    if record.status is None:
        return _kept(record, work())
    if bytes(record.request_digest) not in digests:
        raise Conflict(f"This {HEADER} came before, with another body; use a new one.")
    return _again(record)


def _digests(request: Request) -> list[bytes]:
    """The body's digest under the present key, then under those that were before it.

    It is keyed, since a body may hold a new user's password, which a plain hash would betray.
    """
    canonical = json.dumps(request.data, sort_keys=True, default=_in_text)
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [
        salted_hmac(HEADER, canonical, secret=secret, algorithm="sha256").digest()
        for secret in secrets
    ]


def _in_text(value: Any) -> str:
    """What JSON has no form for; of a file, what is in it and how it is called."""
    if not isinstance(value, UploadedFile):
        return str(value)
    digest = sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    return f"{value.name} {digest.hexdigest()}"


def _claimed(request: Request, key: str, digest: bytes) -> IdempotencyRecord:
    """The record of this key; without a status when it is ours to make."""
    records = IdempotencyRecord.objects
    place = {"user_id": request.user.pk, "path": request.path, "key": key}
    while True:
        made = IdempotencyRecord(**place, request_digest=digest)
        records.bulk_create([made], ignore_conflicts=True)
        record: IdempotencyRecord | None = records.filter(**place).first()
        if record is not None and not record.has_expired():
            return record
        records.filter(**place).expired().delete()  # or somebody else has, just now


def _kept(record: IdempotencyRecord, answer: HttpResponse) -> HttpResponse:
    record.status = answer.status_code
    record.headers = {name: answer[name] for name in KEPT_HEADERS if name in answer}
    record.body = answer.content
    record.save(update_fields=["status", "headers", "body"])
    return answer


def _again(record: IdempotencyRecord) -> HttpResponse:
    assert record.status is not None
    answer = HttpResponse(
        bytes(record.body), status=record.status, content_type=JSON_TYPE, headers=record.headers
    )
    answer[REPLAYED] = "true"
    return answer
