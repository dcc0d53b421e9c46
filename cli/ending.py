"""How a command ends: few exit codes, one sentence for each error, never a traceback."""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

from converters.model.errors import RequestInvalid, SettingsInvalid, Unavailable

if TYPE_CHECKING:
    from types import TracebackType

    from cli.printing import Console


class Code(IntEnum):
    """The exit codes; docs/operations.md describes them."""

    WELL = 0
    FINDINGS = 1
    WRONG_CALL = 2
    UNAVAILABLE = 3
    INTERRUPTED = 130


class WrongCall(Exception):  # noqa: N818 - reads as the sentence it is
    """The command cannot be run as it was called; the text says what to do."""


@dataclass(slots=True)
class Boundary:
    """Turns whatever a command raises into its exit code and a sentence on standard error."""

    console: Console
    debug: bool = False

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or isinstance(error, (SystemExit, GeneratorExit)):
            return
        if self.debug:
            traceback.print_exception(kind, error, trace, file=sys.stderr)
        if isinstance(error, BrokenPipeError):
            # Whoever reads has enough, as `head` has; what is still buffered goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(Code.WELL) from None
        code, sentences = _told(error)
        for sentence in sentences:
            self.console.error(sentence)
        raise SystemExit(code) from None


def _told(error: BaseException) -> tuple[Code, list[str]]:
    name = type(error).__name__
    code, sentences = Code.UNAVAILABLE, [f"Unexpected: {name}. Report what --debug shows."]
    match error:
        case KeyboardInterrupt():
            code, sentences = Code.INTERRUPTED, ["Interrupted."]
        case WrongCall():
            code, sentences = Code.WRONG_CALL, [str(error)]
        case SettingsInvalid():
            hint = "Set what is named in the environment, a .env file (--env-file) or azd's;"
            hint = f"{hint} --local takes the local world."
            code, sentences = Code.WRONG_CALL, [*error.problems, hint]
        case RequestInvalid():
            faults = [f"{fault.where or 'The request'} {fault.problem}." for fault in error.faults]
            code, sentences = Code.WRONG_CALL, faults
        case Unavailable():
            # The client's own word for it, which storage and Graph both hand on.
            signed_out = "ClientAuthenticationError" in str(error)
            cure = "Sign in: `az login`." if signed_out else "`b2b doctor` tells more."
            sentences = [f"{error} {cure}"]
        case AzureError():
            sentences = [f"Not let in ({name}). Run `az login`; `b2b doctor` tells more."]
        case OSError():
            sentences = [f"{error.filename or 'The system'}: {error.strerror or name}."]
    return code, sentences
