"""The pages of an import: the file, the plan, the deed, and taking it back."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import reverse

from config.admin.filters import is_id
from config.admin.site import changelist_url
from config.errors import DomainError, NotAllowed
from items.exchange import import_shown as shown
from items.exchange import refused, services
from items.exchange.formats import all_formats
from items.exchange.import_columns import head_of
from items.exchange.import_forms import ReadingForm, UploadForm
from items.exchange.models import Import
from items.exchange.permissions import IMPORT
from items.exchange.progress import progress_of
from items.exchange.running import apply_soon, plan_soon, undo_soon
from items.stock.models import Movement

Status = Import.Status

TEMPLATES = {
    "items": "items",
    "levels": "stock levels",
    "users": "people",
    "locations": "locations",
}
NATIVE = "native"
KINDS = ".csv, .tsv, .xlsx, .json and .jsonl, each also packed as .gz"
TICK = "Tick that they may be left out, or mend the file and import it again."
AGAIN = "The plan has been made anew since you looked at it, so nothing was written. Look again."


def may_act(request: HttpRequest, record: Import) -> bool:
    """Whether whoever asks may go on with an import: their own one, or a superuser."""
    user = request.user
    own = record.actor_id is not None and record.actor_id == user.pk
    return bool(user.has_perm(IMPORT) and (own or user.is_superuser))


def url_of(record: Import, page: str = "change") -> str:
    """Where a page of an import is."""
    return reverse(f"admin:items_import_{page}", args=[record.pk])


# ── The file ──────────────────────────────────────────────────────────────────────────────────
def upload_page(admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Choose a file; sent, it is kept and planned."""
    if not request.user.has_perm(IMPORT):
        raise PermissionDenied
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*sent)
    if sent and form.is_valid():
        file = form.cleaned_data["file"]
        record = services.receive(file, name=file.name, actor=request.user, options=form.options())
        return _going_on(request, record, lambda: plan_soon(record))
    context = {
        "form": form,
        "title": "Import a file",
        "sources": list(shown.sources()),
        "kinds": KINDS,
        "templates": TEMPLATES.items(),
    }
    return _page(admin, request, "upload", context)


def template_file(request: HttpRequest, name: str) -> HttpResponse:
    """An empty table of our own format, to be filled in."""
    kinds = {each.name: each for each in all_formats() if each.source == NATIVE}
    if name not in TEMPLATES:
        raise Http404(f"There is no template {name}; there are {', '.join(TEMPLATES)}.")
    line = io.StringIO()
    csv.writer(line).writerow([headers[0] for headers in kinds[name].columns.values()])
    response = HttpResponse(line.getvalue().encode("utf-8-sig"), content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="stockroom-{name}.csv"'
    return response


# ── The plan, and what has become of it ───────────────────────────────────────────────────────
def import_page(admin: ModelAdmin, request: HttpRequest, record: Import) -> HttpResponse:
    """An import as it is now: in work, in question, planned, or done."""
    context: dict[str, Any] = {"record": record, "title": record.file_name}
    if record.status in shown.WORKING:
        return _page(admin, request, "working", {**context, "told": progress_of(record)})
    context |= {"may_act": may_act(request, record), "counts": shown.counts_of(record)}
    if record.status in (Status.PLANNED, Status.FAILED) and context["may_act"]:
        context["form"] = ReadingForm(record, head_of(record))
    if record.status == Status.FAILED:
        return _page(admin, request, "failed", context)
    context |= _plan(request, record)
    if record.status == Status.PLANNED:
        return _page(admin, request, "plan", {**context, "refusal": _refusal(request, record)})
    booked = changelist_url(Movement, f"q={record.cause.replace(' ', '+')}")
    undone = shown.told_undone(record)
    return _page(admin, request, "done", {**context, "booked": booked, "undone": undone})


def _plan(request: HttpRequest, record: Import) -> dict[str, Any]:
    """The rows that are asked for, and what there is to say of all of them."""
    outcome = request.GET.get("outcome", "")
    if outcome not in shown.OUTCOMES:
        outcome = ""
    after = request.GET.get("after", "")
    line = int(after) if is_id(after) else 0
    rows = shown.Rows.of(record, outcome=outcome, after=line)
    done = record.status in shown.DONE
    return {
        "seen": seen(record),
        "format": shown.title_of(record),
        "row_count": shown.so_many(record.rows_with("rows"), "row"),
        "deed": shown.deed(record, done=done),
        "refused": record.rows_with("refused"),
        "refused_rows": shown.so_many(record.rows_with("refused"), "row"),
        "besides": shown.besides(record),
        "tabs": shown.tabs(record, outcome),
        "outcome": outcome,
        "rows": rows,
        "is_pruned": not (rows.shown or outcome or line) and bool(record.rows_with("rows")),
        "is_first": not line,
    }


def _refusal(request: HttpRequest, record: Import) -> str:
    """Why whoever asks may not apply this plan, if so."""
    try:
        services.require_rights(record, request.user)
    except NotAllowed as error:
        return error.message
    return ""


def read_again(admin: ModelAdmin, request: HttpRequest, record: Import) -> HttpResponse:
    """Make the plan again, of what was said of the file."""
    form = ReadingForm(record, head_of(record), request.POST)
    if form.is_valid():
        return _going_on(request, record, lambda: plan_soon(record, options=form.options()))
    context = {"record": record, "title": record.file_name, "form": form, "may_act": True}
    return _page(admin, request, "failed", context)


def progress(request: HttpRequest, record: Import) -> HttpResponse:
    """How far an import is, for the script of its page."""
    told = progress_of(record)
    return JsonResponse(
        {
            "working": record.status in shown.WORKING,
            "status": record.get_status_display(),
            "what": told.what if told else "",
            "done": told.done if told else 0,
            "total": told.total if told else 0,
        }
    )


# ── The deed ──────────────────────────────────────────────────────────────────────────────────
def apply_plan(admin: ModelAdmin, request: HttpRequest, record: Import) -> HttpResponse:
    """Carry the plan out, if it is the one that was seen."""
    if request.POST.get("seen", "") != seen(record):
        messages.error(request, AGAIN)
        return HttpResponseRedirect(url_of(record))
    skip = "leave_out" in request.POST
    if record.rows_with("refused") and not skip:
        rows = shown.so_many(record.rows_with("refused"), "row")
        are = "is" if record.rows_with("refused") == 1 else "are"
        messages.error(request, f"Nothing was written: {rows} {are} refused. {TICK}")
        return HttpResponseRedirect(url_of(record))
    return _going_on(request, record, lambda: apply_soon(record, actor=request.user, skip_bad=skip))


def seen(record: Import) -> str:
    """What tells this plan from a later one of the same file."""
    return record.planned_at.isoformat() if record.planned_at else ""


def undo_page(admin: ModelAdmin, request: HttpRequest, record: Import) -> HttpResponse:
    """Say what undoing does; sent, do it."""
    if record.status != Status.APPLIED:
        return HttpResponseRedirect(url_of(record))
    if request.method == "POST":
        return _going_on(request, record, lambda: undo_soon(record, actor=request.user))
    context = {
        "record": record,
        "title": f"Undo the import of {record.file_name}",
        "deed": shown.deed(record, done=True),
        "refusal": _refusal(request, record),
    }
    return _page(admin, request, "undo", context)


def discard(admin: ModelAdmin, request: HttpRequest, record: Import) -> HttpResponse:
    """Forget an import of which nothing was written."""
    try:
        services.discard(record)
    except DomainError as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(url_of(record))
    messages.success(request, f"Discarded: {record.file_name}. Nothing of it was written.")
    return HttpResponseRedirect(changelist_url(Import))


def refused_file(request: HttpRequest, record: Import) -> FileResponse:
    """The refused rows with the reasons, in a file of the shape of the one that came."""
    with tempfile.NamedTemporaryFile() as file:
        try:
            refused.write(record, Path(file.name))
        except (DomainError, OSError) as error:
            raise Http404("The file that was imported is not there any more.") from error
        written = Path(file.name).open("rb")  # noqa: SIM115  the response closes it
    name = refused.name_of(record.file_name)
    return FileResponse(written, as_attachment=True, filename=name)


def _going_on(request: HttpRequest, record: Import, step: Callable[[], object]) -> HttpResponse:
    """The import's page, when a step is done or has been begun; refused, with the reason."""
    try:
        step()
    except DomainError as error:
        messages.error(request, error.message)
    return HttpResponseRedirect(url_of(record))


def _page(
    admin: ModelAdmin, request: HttpRequest, name: str, context: dict[str, Any]
) -> HttpResponse:
    return TemplateResponse(
        request,
        f"admin/items/import_{name}.html",
        {**admin.admin_site.each_context(request), "opts": Import._meta, **context},
    )
