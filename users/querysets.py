"""Questions about many users or tokens at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.base_user import BaseUserManager
from django.db.models import BinaryField, Q
from django.db.models.functions import Now

from config.querysets import ResourceQuerySet, is_one_of
from config.text import SearchableQuerySet

if TYPE_CHECKING:
    from users.models import User


class UserQuerySet(SearchableQuerySet[Any]):
    """Words for users."""

    def being_active(self, active: bool) -> Self:
        """Those who may log in, or those who may not."""
        return self.filter(is_active=active)

    def called(self, text: str) -> Self:
        """Those whose name holds this text; for who may not see, nor guess, their e-mails."""
        return self.filter(name__icontains=text)

    def in_group(self, name: str) -> Self:
        """Those in the group of this name."""
        return self.filter(groups__name=name)

    def visible_to(self, user: User) -> Self:
        """Those whom `user` may read: everyone with the right to, else only themselves."""
        return self if user.has_perm("users.view_user") else self.filter(pk=user.pk)


class UserManager(BaseUserManager[Any].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes users with their e-mail in its one form, and finds them by it."""

    use_in_migrations = False

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """The form in which an e-mail is kept: lower case, without surrounding space."""
        return (email or "").strip().lower()

    def get_by_natural_key(self, email: str | None) -> User:
        """The user who logs in with this e-mail, whatever its case."""
        user: User = self.get(email=self.normalize_email(email))
        return user

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Save a new user; without a password they cannot log in."""
        user: User = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Save a new user who may do everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class ApiTokenQuerySet(ResourceQuerySet[Any]):
    """Words for tokens."""

    def owned_by(self, user: User) -> Self:
        """Those of one user."""
        return self.filter(user=user)

    def with_digests(self, digests: Sequence[bytes]) -> Self:
        """Those with one of these digests."""
        return self.filter(is_one_of("digest", digests, BinaryField()))

    def usable(self) -> Self:
        """Those that open the API now: not revoked, not expired, of an active user."""
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=Now()),
            revoked_at__isnull=True,
            user__is_active=True,
        )

    def ended_before(self, moment: datetime) -> Self:
        """Those that had expired, or were revoked, by then."""
        return self.filter(Q(expires_at__lt=moment) | Q(revoked_at__lt=moment))
