"""What can go wrong in the domain, in plain Python: no HTTP, no database, no framework."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Detail:
    """One thing that is wrong: which field (dotted path, "" for the whole), a stable code, why."""

    field: str
    code: str
    message: str


class DomainError(Exception):
    """The base of every refusal; `message` is a sentence for a person, `details` name the facts."""

    code = "error"

    def __init__(self, message: str, *details: Detail) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class Conflict(DomainError):
    """The request is sound, but what is there now does not allow it."""

    code = "conflict"


class NotAuthenticated(DomainError):
    """Whoever asks has not shown who they are."""

    code = "not_authenticated"


class NotAllowed(DomainError):
    """Whoever asks does not have the right."""

    code = "permission_denied"


class Invalid(DomainError):
    """The input breaks a rule; each detail names its field."""

    code = "validation_error"

    def __init__(self, *details: Detail) -> None:
        super().__init__("The input is not valid.", *details)


class Unusable(DomainError):
    """What was sent has the right form, and its content is nothing that could be worked with."""

    code = "unusable"


class Overtaken(DomainError):
    """Somebody has changed it since the state that the caller had seen."""

    code = "precondition_failed"

    def __init__(self, version: int | None) -> None:
        now = "" if version is None else f" Its version is {version} now."
        super().__init__(
            f"It has been changed since you read it, so nothing was done.{now} Read it again."
        )
