"""What can go wrong with an import as a whole; what is wrong with a row is in its plan."""

from collections.abc import Sequence

from config.errors import Conflict, Detail, Unusable


class ImportProblem(Unusable):
    """The import cannot go on; nothing was written."""

    code = "import_problem"


class NotImportable(ImportProblem):
    """The file is understood, and is of a kind that is not imported."""

    code = "not_importable"


class Asks(ImportProblem):
    """Something has to be said that the file does not say: `option`, of these `choices`."""

    code = "import_asks"

    def __init__(self, option: str, question: str, choices: Sequence[str]) -> None:
        said = f" Choose: {', '.join(choices)}." if choices else ""
        super().__init__(f"{question}{said}", Detail(option, self.code, question))
        self.option, self.choices = option, list(choices)


class WrongState(Conflict):
    """What was asked for does not fit what has become of the import."""

    def __init__(self, *, asked: str, status: str) -> None:
        super().__init__(f"The import cannot be {asked}: it is {status}.")


class HasRefusedRows(Conflict):
    """Rows are refused, and nobody has said to leave them out."""

    def __init__(self, refused: int) -> None:
        rows = "1 row is refused" if refused == 1 else f"{refused:,} rows are refused"
        super().__init__(
            f"{rows}, so nothing was written. Mend the file and import it again, or say that the "
            "refused rows are to be left out."
        )


class Changed(Conflict):
    """Somebody changed what the plan is about after it was made."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} since the plan was made, so nothing was written. Plan it again.")
