"""Who holds, lends and looks after things, and the tokens their programs use."""

from datetime import timedelta
from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinLengthValidator
from django.db import models
from django.db.models.functions import Length, Lower, Now, Trim
from django.db.models.lookups import GreaterThanOrEqual
from django.utils import timezone

from config import counts, history, text, triggers
from users.querysets import ApiTokenQuerySet, UserManager

NAME_MIN_LENGTH = 2
NAME_MAX_LENGTH = 100
EMAIL_MAX_LENGTH = 254  # RFC 5321 allows no longer path
MAX_AGE_YEARS = 150
TOKEN_DIGEST_BYTES = 32  # SHA-256
# How exact `last_used_at` is. Each write of it ends what is kept of lists, so there are to be few.
LAST_USE_STEP = timedelta(minutes=10)


@history.track(exclude=["password", "last_login", "created_at", "updated_at"])
class User(AbstractBaseUser, PermissionsMixin):
    """A person of the organisation; the e-mail is what they log in with.

    Without a usable password the person is in the register but cannot log in.
    """

    email = models.EmailField(
        "e-mail", max_length=EMAIL_MAX_LENGTH, help_text="Unique; kept in lower case."
    )
    name = models.CharField(
        max_length=NAME_MAX_LENGTH, validators=[MinLengthValidator(NAME_MIN_LENGTH)]
    )
    age = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(MAX_AGE_YEARS)], help_text="In years."
    )
    is_active = models.BooleanField(
        "active", default=True, help_text="Off: cannot log in, and their tokens are refused."
    )
    is_staff = models.BooleanField(
        "may open the admin", default=False, help_text="What they may do there their groups say."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                name="user_email_unique",
                violation_error_message="Somebody has this e-mail address already.",
            ),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="user_email_lower_case",
                violation_error_message="The e-mail address must be in lower case.",
            ),
            models.CheckConstraint(
                condition=GreaterThanOrEqual(Length(Trim("name")), NAME_MIN_LENGTH),
                name="user_name_length",
                violation_error_message=f"The name needs {NAME_MIN_LENGTH} characters or more.",
            ),
            models.CheckConstraint(
                condition=models.Q(age__isnull=True) | models.Q(age__range=(0, MAX_AGE_YEARS)),
                name="user_age_range",
                violation_error_message=f"The age must be from 0 to {MAX_AGE_YEARS} years.",
            ),
        ]
        indexes = [
            models.Index(text.sort_key("name"), "id", name="user_by_name"),
            models.Index(text.sort_key("email"), "id", name="user_by_email"),
        ]
        triggers = [
            *triggers.bookkeeping("last_login"),
            *counts.counted(),
            *text.searched("users_usersearchtext", "name", "email"),
            pgtrigger.Trigger(
                name="deactivation_ends_tokens",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("is_active"),  # type: ignore[no-untyped-call]
                condition=pgtrigger.Q(new__is_active=False),
                func="""
                    UPDATE users_apitoken SET revoked_at = statement_timestamp()
                    WHERE user_id = NEW.id AND revoked_at IS NULL;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Bring the e-mail to the one form in which it is kept, where that fits."""
        self.email = UserManager.normalize_email(self.email)
        if len(self.email) > EMAIL_MAX_LENGTH:
            message = f"At most {EMAIL_MAX_LENGTH} characters in lower case."
            raise ValidationError({"email": message})

    def get_full_name(self) -> str:
        """The name, as Django's templates ask for it."""
        return self.name

    def get_short_name(self) -> str:
        """The name, as the admin greets its reader."""
        return self.name


class UserSearchText(text.SearchText):
    """What a user is found by."""

    row = text.row_of(User)

    class Meta(text.SearchText.Meta):
        indexes = [text.search_index("user_search")]


@history.track(
    pairs=True, indexes=[models.Index("user", "pgh_id", name="membership_event_by_user")]
)
class Membership(User.groups.through):  # type: ignore[misc,name-defined]
    """Who is in which group: tracked, since that is what says what they may do."""

    class Meta:
        proxy = True

    @classmethod
    def events_of(cls, user_id: int | str) -> models.QuerySet[Any]:
        """When the user came into a group ("insert") or left it ("delete"), the newest first."""
        events: models.QuerySet[Any] = cls.pgh_event_model._default_manager.select_related("group")
        return events.filter(user=user_id).order_by("-pk")


@history.track(exclude=["digest", "created_at", "last_used_at"])
class ApiToken(models.Model):
    """A key to the API. Only its SHA-256 is kept: the token itself is shown once, when made."""

    class Scope(models.TextChoices):
        """What a token can do of what its user may."""

        READ = "read", "read only"
        WRITE = "write", "read and write"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=NAME_MAX_LENGTH, help_text="What it is for.")
    prefix = models.CharField(max_length=16, editable=False)
    digest = models.BinaryField(max_length=TOKEN_DIGEST_BYTES, editable=False)
    scope = models.CharField(max_length=8, choices=Scope, default=Scope.WRITE)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="To within ten minutes."
    )
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="api_token_digest_unique"),
            models.CheckConstraint(
                condition=models.Q(scope__in=["read", "write"]), name="api_token_scope_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def was_not_used_for(self, step: timedelta) -> bool:
        """True when `last_used_at` is missing, or as old as that."""
        return self.last_used_at is None or self.last_used_at < timezone.now() - step
