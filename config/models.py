"""What the foundation itself keeps: answers that may be given again, and counts of tries."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import connection, models
from django.db.models.functions import Now
from django.utils import timezone

RATE_KEY_LENGTH = 64
PRUNED_AT_ONCE = 100
IDEMPOTENCY_KEY_MAX_LENGTH = 255
PATH_MAX_LENGTH = 255
DIGEST_BYTES = 32  # HMAC with SHA-256
ANSWER_LIFE = timedelta(hours=24)


# ── Answers ───────────────────────────────────────────────────────────────────────────────────
class IdempotencyRecordQuerySet(models.QuerySet[Any]):
    """Words for idempotency records."""

    def expired(self) -> "IdempotencyRecordQuerySet":
        """Those that are not answered again any more."""
        return self.filter(created_at__lt=timezone.now() - ANSWER_LIFE)


class IdempotencyRecord(models.Model):
    """What a POST with an Idempotency-Key has answered, kept in the transaction of its effect.

    `status` is null only until that transaction ends.
    """

    user_id = models.BigIntegerField()  # no reference: it may outlive the account by a day
    path = models.CharField(max_length=PATH_MAX_LENGTH)
    key = models.CharField(max_length=IDEMPOTENCY_KEY_MAX_LENGTH)
    request_digest = models.BinaryField(max_length=DIGEST_BYTES)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=bytes)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = IdempotencyRecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "path", "key"], name="idempotency_key_unique"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_creation")]

    def __str__(self) -> str:
        return f"{self.key} of POST {self.path}"

    def has_expired(self) -> bool:
        """True when it is not answered again any more; one without a status is being made."""
        return self.status is not None and self.created_at < timezone.now() - ANSWER_LIFE


# ── Counts ────────────────────────────────────────────────────────────────────────────────────
class RateCountQuerySet(models.QuerySet[Any]):
    """Words for counts."""

    def count_up(self, windows_s: Mapping[str, int]) -> dict[str, tuple[int, float]]:
        """Count each key once more; {key: (how often in its window, seconds that are left)}.

        One statement, which takes the rows in one order, so that two at once wait and both count.
        """
        sql = """
            INSERT INTO config_ratecount AS kept (key, count, ends_at)
            SELECT key, 1, statement_timestamp() + seconds * interval '1 second'
            FROM unnest(%s::text[], %s::int[]) AS asked (key, seconds) ORDER BY key
            ON CONFLICT (key) DO UPDATE SET
                count = 1 + CASE
                    WHEN kept.ends_at > statement_timestamp() THEN kept.count ELSE 0 END,
                ends_at = CASE
                    WHEN kept.ends_at > statement_timestamp() THEN kept.ends_at
                    ELSE excluded.ends_at END
            RETURNING key, count, extract(epoch FROM ends_at - statement_timestamp())::float
        """
        with connection.cursor() as cursor:
            cursor.execute(sql, [list(windows_s), list(windows_s.values())])
            found = {key: (count, left_s) for key, count, left_s in cursor.fetchall()}
            self._prune(cursor)
        return found

    def _prune(self, cursor: Any) -> None:
        """Forget some of those whose window is over, and that nobody counts at the moment."""
        cursor.execute(
            """
            DELETE FROM config_ratecount WHERE key IN (
                SELECT key FROM config_ratecount WHERE ends_at < statement_timestamp()
                ORDER BY ends_at LIMIT %s FOR UPDATE SKIP LOCKED
            )
            """,
            [PRUNED_AT_ONCE],
        )


class RateCount(models.Model):
    """How often something was done in a window. It may be lost in a crash of the server."""

    key = models.CharField(max_length=RATE_KEY_LENGTH, primary_key=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    objects = RateCountQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.count} until {self.ends_at:%Y-%m-%d %H:%M:%S}"


class RowCount(models.Model):
    """A part of how many rows a table has; see config.counts."""

    relation = models.CharField(max_length=63)  # PostgreSQL's longest name
    count = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["relation"], name="row_count_by_relation")]

    def __str__(self) -> str:
        return f"{self.count} of {self.relation}"
