"""Probes of the settings and of this machine: is it safe to let others in, is there room."""

import shutil

from django.conf import settings
from django.core import checks

from config.health.probing import Probe, Unwell
from config.sizes import GB

LEAST_FREE_GB = 1.0
# Of the findings of `check --deploy`, those with which nobody else may be let in: a key that can
# be guessed, DEBUG, any Host. The others may have their reason: HTTPS off within a VPN, say.
UNSAFE = frozenset({"security.W009", "security.W018", "security.W025", "stockroom.W001"})


def disk() -> str:
    """The room that is left where the data folder is, or will be."""
    folder = settings.STOCKROOM_DATA
    while not folder.exists():
        folder = folder.parent
    free_gb = shutil.disk_usage(folder).free / GB
    found = f"{free_gb:.1f} GB are free in {folder}"
    if free_gb < LEAST_FREE_GB:
        raise Unwell(f"{found}, fewer than {LEAST_FREE_GB:g}")
    return found


def safety() -> str:
    """That no setting lets in whoever should not be."""
    return _told([m for m in _findings() if m.id in UNSAFE])


def hardening() -> str:
    """That the settings are as careful as they can be."""
    return _told([m for m in _findings() if m.id not in UNSAFE])


def is_private_run() -> bool:
    """True on a person's own machine, where database and cache are private ones."""
    return bool(settings.PRIVATE_DATABASE and settings.PRIVATE_CACHE)


def _findings() -> list[checks.CheckMessage]:
    found = checks.run_checks(tags=[checks.Tags.security], include_deployment_checks=True)
    return [message for message in found if not message.is_silenced()]


def _told(findings: list[checks.CheckMessage]) -> str:
    if not findings:
        return "nothing to object to"
    told = f"`manage.py check --deploy` finds {len(findings)}"
    if is_private_run():
        return f"{told}, which does not matter in a private run"
    lines = [f"{m.id}: {' '.join(f'{m.msg} {m.hint or str()}'.split())}" for m in findings]
    raise Unwell(told, remedy="\n".join(lines))


PROBES = (
    Probe("safety", safety, ""),
    Probe("hardening", hardening, "", essential=False),
    Probe("disk", disk, "Make room, or name another folder in STOCKROOM_DATA.", essential=False),
)
