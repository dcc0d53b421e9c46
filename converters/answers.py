"""What Graph answered: to a call, or to one item of a ``$batch``. Pure."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from converters.errors import GraphUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converters.directory import Json, Read
    from converters.facts import Unread

T = TypeVar("T")
# What a sick gateway may say must neither close a worker for good nor exceed a queue's delay.
_MOST_RETRY_AFTER = 24 * 3600
_SECONDS = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, or one item's answer inside a ``$batch``; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: Json

    @property
    def request_id(self) -> str | None:
        """Graph's own id of the call, for Microsoft's support."""
        return self.headers.get("request-id")

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, a day at most; Graph sends a number, never a date."""
        text = self.headers.get("retry-after", "")
        return min(float(text), _MOST_RETRY_AFTER) if _SECONDS.fullmatch(text) else None

    @property
    def limit_used(self) -> float | None:
        """How much of the limit is used, from 0 to 1 and beyond; Graph tells it from 0.8."""
        try:
            used = float(self.headers["x-ms-throttle-limit-percentage"])
        except (KeyError, ValueError):
            return None
        return used if math.isfinite(used) else None

    def error(self) -> tuple[str, str]:
        """Return Graph's error code and message, empty where the body has none."""
        error = self.body.get("error")
        if not isinstance(error, dict):
            return "", ""
        return str(error.get("code") or ""), str(error.get("message") or "")

    def unavailable(self, what: str) -> GraphUnavailable:
        """Return the error for an answer that concludes nothing."""
        return GraphUnavailable(what, self.status, self.retry_after, self.request_id)


class Answers:
    """The answers of one batch, by what was read."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = answers

    def fact(self, read: Read[T]) -> T | Unread:
        """Return what a read found.

        Raises:
            GraphUnavailable: the answer makes no sense.
        """
        answer = self._answers[read.what]
        try:
            return read.fact(answer.status, answer.body)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise answer.unavailable(f"reading {read.what}") from None


def item_answer(item: Json) -> Answer:
    """Return the answer of one item."""
    headers = {name.lower(): str(value) for name, value in (item.get("headers") or {}).items()}
    return Answer(item["status"], headers, item.get("body") or {})


def json_object(content: bytes) -> Json:
    """Return the body; empty where it is none, as a gateway's HTML page is."""
    try:
        parsed = json.loads(content)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
