"""What Graph answered: to a call, or to one item of a ``$batch``. Pure."""

from __future__ import annotations

import json
import math
import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from converters.graph.read import COUNT, NEXT_LINK
from converters.model.errors import GraphUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from converters.graph.read import Json, Read
    from converters.model.facts import Unread

T = TypeVar("T")
_OK, _NO_TIMELY_REQUEST, _THROTTLED, _FAILED_FROM = 200, 408, 429, 500
# What a sick gateway may say must neither close a worker for good nor exceed a queue's delay.
_MOST_RETRY_AFTER = 24 * 3600
_SECONDS = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Response:
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
        """Seconds to wait, a day at most; a number, whole or not, or a date (RFC 9110)."""
        text = self.headers.get("retry-after", "").strip()
        seconds = float(text) if _SECONDS.fullmatch(text) else self._seconds_until(text)
        return None if seconds is None else min(max(seconds, 0.0), _MOST_RETRY_AFTER)

    @property
    def is_throttled(self) -> bool:
        """Whether Graph asks for fewer calls ("Microsoft Graph throttling guidance")."""
        return self.status == _THROTTLED

    @property
    def is_passing(self) -> bool:
        """Whether it concludes nothing: the same call may be answered otherwise later."""
        return self.is_throttled or self.status == _NO_TIMELY_REQUEST or self.status >= _FAILED_FROM

    @property
    def limit_used(self) -> float | None:
        """How much of the limit is used, from 0 to 1 and beyond; Graph tells it from 0.8."""
        try:
            used = float(self.headers["x-ms-throttle-limit-percentage"])
        except (KeyError, ValueError):
            return None
        return used if math.isfinite(used) else None

    def _seconds_until(self, date: str) -> float | None:
        """Return how far off a date is by the clock that wrote it; ``None`` for no date."""
        try:
            sent = self.headers.get("date")
            now = parsedate_to_datetime(sent).timestamp() if sent else time.time()
            return parsedate_to_datetime(date).timestamp() - now
        except ValueError:
            return None

    def next_path(self, root: str) -> str | None:
        """Return the path below ``root`` of the page that comes next.

        ``None`` where there is none, or it is no page that can be joined to this one.
        """
        link = self.body.get(NEXT_LINK)
        # The access token goes along: to Graph alone, whatever an answer says.
        if not isinstance(link, str) or not link.startswith(f"{root}/"):
            return None
        return link.removeprefix(root) if isinstance(self.body.get("value"), list) else None

    def joined(self, page: Response) -> Response:
        """Return the answer with the next page's items behind its own.

        Without that page the answer is the page's error, which means nothing more than that.
        """
        items = page.body.get("value")
        if page.status != _OK or not isinstance(items, list):
            return Response(page.status, page.headers, {})
        body = {**page.body, "value": [*self.body["value"], *items]}
        if COUNT in self.body:
            body[COUNT] = self.body[COUNT]
        return Response(page.status, page.headers, body)

    def error(self) -> tuple[str, str]:
        """Return Graph's error code and message, empty where the body has none."""
        error = self.body.get("error")
        if not isinstance(error, dict):
            return "", ""
        return str(error.get("code") or ""), str(error.get("message") or "")

    def unavailable(self, what: str) -> GraphUnavailable:
        """Return the error for an answer that concludes nothing."""
        code, text = self.error()
        return GraphUnavailable(
            what, self.status, self.retry_after, self.request_id, code=code, text=text
        )


class Responses:
    """The answers of one batch, by what was read."""

    def __init__(self, answers: Mapping[str, Response]) -> None:
        self._answers = answers

    def fact(self, read: Read[T]) -> T | Unread:
        """Return what a read found."""
        answer = self._answers[read.name]
        return read.fact(answer.status, answer.body)


def responses_by_id(body: Json, ids: Iterable[str]) -> dict[str, Response]:
    """Take the answer of a ``$batch`` apart.

    Raises:
        ValueError: it does not have one answer to each item, and no other.
    """
    items = body.get("responses")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError("no list of answers")
    answers = {item.get("id"): _item_answer(item) for item in items}
    if len(answers) != len(items) or set(answers) != set(ids):
        raise ValueError("not one answer to each item")
    return answers


def json_object(content: bytes) -> Json:
    """Return the body; empty where it is none, as a gateway's HTML page is."""
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _item_answer(item: Json) -> Response:
    status, headers, body = item.get("status"), item.get("headers") or {}, item.get("body")
    if type(status) is not int or not isinstance(headers, dict):
        raise ValueError("an item without a status")
    lowered = {str(name).lower(): str(value) for name, value in headers.items()}
    return Response(status, lowered, body if isinstance(body, dict) else {})
