"""All that Stockroom answers, and a place for files."""

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config import urls
from config.api.parsing import UploadParser
from config.sizes import MB
from config.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


class Imports(APIView):
    """Answers with the size and the digest of what was sent as `file`."""

    parser_classes = [UploadParser]
    permission_classes = [IsAuthenticated]

    def post(self, request: Request) -> Response:
        sent: Any = request.data
        file = sent["file"]
        digest = hashlib.sha256()
        for chunk in file.chunks():
            digest.update(chunk)
        return Response({"size": file.size, "sha256": digest.hexdigest()})


@csrf_exempt
def megabytes(request: HttpRequest) -> HttpResponse:
    """Answers with how large the files are that were sent, as the admin reads them."""
    files: Any = request.FILES.values()
    return HttpResponse(sum(file.size for file in files) // MB)


urlpatterns = [
    path("api/v1/imports", Imports.as_view()),
    path("admin/items/import/", megabytes),
    *urls.urlpatterns,
]
