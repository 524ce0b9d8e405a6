"""Changes with rules: who may manage whom, tokens made and revoked, passwords changed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from config.errors import Conflict, Detail, Invalid, NotAllowed, NotAuthenticated
from users.models import NAME_MAX_LENGTH, ApiToken, User

TOKEN_PREFIX = "sr_"  # noqa: S105  not a secret: it tells secret scanners what this is
TOKEN_BYTES = 32
SHOWN_PREFIX_LENGTH = len(TOKEN_PREFIX) + 6  # enough to tell one's tokens apart, useless to guess
NO_PASSWORD = make_password(None)


class WrongPassword(Invalid):
    """The current password that was given is not the current password."""

    def __init__(self, field: str = "current_password") -> None:
        super().__init__(Detail(field, "wrong_password", "This is not the current password."))


class LogInRefused(NotAuthenticated):
    """E-mail and password do not belong to an active user; which of them is wrong is not said."""

    def __init__(self) -> None:
        super().__init__("The e-mail and the password do not belong to an active user.")


@dataclass(frozen=True)
class NewToken:
    """A token just made: the only moment at which its text is known."""

    record: ApiToken
    text: str


# ── Whom one may manage ───────────────────────────────────────────────────────────────────────
def may_manage(actor: User, target: User) -> bool:
    """True when `actor` has every right that `target` has, so that managing them gains nothing."""
    if actor.is_superuser or actor.pk == target.pk:
        return True
    if target.is_superuser or (target.is_staff and not actor.is_staff):
        return False
    return not rights_of(target).exclude(pk__in=rights_of(actor)).exists()


def rights_of(user: User) -> QuerySet[Permission]:
    """Every right by group or by name; also of who is not active.

    (Django's get_all_permissions says that an inactive user has none, but to activate the account,
    or to set its password, would give them back.)
    """
    given = Permission.objects.order_by().values("pk")
    by_group, by_name = given.filter(group__user=user), given.filter(user=user)
    return Permission.objects.filter(Q(pk__in=by_group) | Q(pk__in=by_name)).order_by()


def require_may_manage(actor: User, target: User) -> None:
    """Raise NotAllowed unless `actor` may manage `target`."""
    if not may_manage(actor, target):
        raise NotAllowed(f"{target.name} has rights that you do not have yourself.")


def grantable_groups(actor: User) -> QuerySet[Group]:
    """The groups whose every right `actor` has."""
    groups = Group.objects.all()
    if actor.is_superuser:
        return groups
    return groups.exclude(permissions__in=Permission.objects.exclude(pk__in=rights_of(actor)))


def require_may_grant(actor: User, groups: Sequence[Group], *, is_staff: bool) -> None:
    """Raise NotAllowed unless `actor` has all that these groups and the admin would give."""
    if is_staff and not (actor.is_staff or actor.is_superuser):
        raise NotAllowed("You cannot open the admin to others, since you may not open it yourself.")
    grantable = set(grantable_groups(actor)) if groups else set()
    for group in groups:
        if group not in grantable:
            raise NotAllowed(f"The group {group.name} has rights that you do not have yourself.")


# ── Users ─────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def create_user(
    *,
    actor: User,
    email: str,
    password: str | None = None,
    groups: Sequence[Group] = (),
    **fields: Any,
) -> User:
    """Put a person into the register; without a password they cannot log in.

    Raises NotAllowed for rights that `actor` lacks; the database refuses an e-mail that somebody
    has (IntegrityError).
    """
    require_may_grant(actor, groups, is_staff=fields.get("is_staff", False))
    user = User.objects.create_user(email, password, **fields)
    user.groups.set(groups)
    return user


@transaction.atomic
def update_user(
    *,
    actor: User,
    user: User,
    current_password: str | None = None,
    password: str | None = None,
    groups: Sequence[Group] | None = None,
    **fields: Any,
) -> User:
    """Change a user's fields, those that are named and no others; `user` is locked by the caller.

    One's own e-mail changes only with one's `current_password`; a new password ends all tokens.
    Raises NotAllowed or WrongPassword.
    """
    require_may_manage(actor, user)
    require_may_grant(actor, groups or (), is_staff=fields.get("is_staff", False))
    new_log_in = actor.pk == user.pk and fields.get("email", user.email) != user.email
    if new_log_in and not user.check_password(current_password or ""):
        raise WrongPassword
    for name, value in fields.items():
        setattr(user, name, value)
    if password is not None:
        user.set_password(password)
        fields["password"] = user.password
    if fields:
        user.save(update_fields=list(fields))
    if groups is not None:
        user.groups.set(groups)
    return user


def delete_user(*, actor: User, user: User) -> None:
    """Delete a user to whom nothing refers. Raises NotAllowed, Conflict or ProtectedError."""
    require_may_manage(actor, user)
    if actor.pk == user.pk:
        raise Conflict("You cannot delete your own account; ask somebody else to.")
    user.delete()


# ── Passwords ─────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def change_password(*, user: User, current: str, new: str) -> None:
    """Change one's own password, which ends all one's tokens (see users.passwords).

    Raises WrongPassword. (Whether the new one is good enough is asked where it is typed.)
    """
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not locked.check_password(current):
        raise WrongPassword
    locked.set_password(new)
    locked.save(update_fields=["password"])


# ── Tokens ────────────────────────────────────────────────────────────────────────────────────
def digest_of(text: str) -> bytes:
    """What is kept of a token: its SHA-256. The token is random, so it needs no salt."""
    return sha256(text.encode()).digest()


def log_in(*, email: str, password: str) -> NewToken:
    """A write token for whoever has this e-mail and password, good for TOKEN_TTL_S.

    Raises LogInRefused, after the same work whether the user exists or not, so that the time taken
    does not tell which e-mails are known.
    """
    user = User.objects.filter(email=User.objects.normalize_email(email)).first()
    matches = check_password(password, user.password if user else NO_PASSWORD)
    if user is None or not matches or not user.is_active:
        raise LogInRefused
    return create_token(user=user, name="log-in", scope=ApiToken.Scope.WRITE)


def check_token(*, user: User, name: str, expires_at: datetime | None) -> None:
    """Raise Conflict or Invalid when no such token can be made."""
    if not user.is_active:
        raise Conflict(f"{user.name} is not active: such a token would open nothing.")
    if not 0 < len(name.strip()) <= NAME_MAX_LENGTH:
        message = f"The name needs from 1 to {NAME_MAX_LENGTH} characters."
        raise Invalid(Detail("name", "invalid", message))
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid(Detail("expires_at", "in_the_past", "The token would have expired already."))


def create_token(
    *,
    user: User,
    name: str,
    scope: str,
    expires_at: datetime | None = None,
    within: ApiToken | None = None,
) -> NewToken:
    """Make a token for `user`; without `expires_at` it is good for TOKEN_TTL_S seconds.

    A token made `within` another cannot be wider than that one, nor live longer: asked to, this
    raises NotAllowed; not asked, it ends when that one does. Raises also what `check_token` raises.
    """
    check_token(user=user, name=name, expires_at=expires_at)
    end = expires_at or timezone.now() + timedelta(seconds=settings.TOKEN_TTL_S)
    if within is not None:
        end = _end_within(within, asked=expires_at, default=end)
        if within.scope == ApiToken.Scope.READ and scope != ApiToken.Scope.READ:
            raise NotAllowed("A token that only reads cannot make one that writes.")
    text = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    record = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=text[:SHOWN_PREFIX_LENGTH],
        digest=digest_of(text),
        scope=scope,
        expires_at=end,
    )
    return NewToken(record, text)


def _end_within(within: ApiToken, *, asked: datetime | None, default: datetime) -> datetime:
    limit = within.expires_at
    if limit is None:
        return default
    if asked is not None and asked > limit:
        raise NotAllowed(f"The token in use ends at {limit:%Y-%m-%dT%H:%M:%SZ}: not later.")
    return min(default, limit)


def revoke_token(token: ApiToken) -> None:
    """Revoke a token from now on; one that is revoked already keeps its date."""
    _revoke(ApiToken.objects.filter(pk=token.pk))


def revoke_tokens_of(user: User) -> None:
    """Revoke all of a user's tokens, as a change of password does."""
    _revoke(ApiToken.objects.owned_by(user))


def _revoke(tokens: QuerySet[ApiToken]) -> None:
    tokens.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
