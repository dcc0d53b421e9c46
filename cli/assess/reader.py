"""Reads lists of Graph to their end, page by page into a store, and single facts in batches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from cli.assess.pace import HEADERS, Pace
from converters.graph.responses import Responses, responses_by_id
from converters.graph.transport import Transport
from converters.model.errors import GraphUnavailable
from converters.model.facts import Unread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from azure.core.credentials_async import AsyncTokenCredential

    from cli.assess.store import Store
    from converters.graph.read import Read
    from converters.graph.responses import Response
    from converters.model.trace import Trace
    from converters.settings.settings import Settings

T = TypeVar("T")
MOST_IN_BATCH = 20
_OK, _NO_TIMELY_REQUEST, _THROTTLED, _FAILED_FROM = 200, 408, 429, 500
_BAD_REQUEST, _GONE = 400, 410
_EXPIRED = "Directory_ExpiredPageToken"
# How often in a row a call is made again, and a list begun again whose page token has expired.
MOST_FAILURES, MOST_RESTARTS = 8, 3


class Reader:
    """Reads what a report needs; ``close`` it.

    Args:
        store: where pages are kept.
        trace: its correlation id goes along.
        told: is told each page, by the list's name and how many of its pages there are.

    Attributes:
        calls: how many requests were sent.
        unread: what could not be read, by name.
        permissions: what the reads that were answered needed.
    """

    def __init__(  # noqa: PLR0913 - what it is made of
        self,
        settings: Settings,
        held: AsyncTokenCredential | None,
        store: Store,
        trace: Trace,
        told: Callable[[str, int], None],
        *,
        pace: Pace | None = None,
    ) -> None:
        needed = held if settings.graph_needs_credential else None
        self._transport = Transport(settings.graph_base_url, needed, HEADERS)
        self.store, self._trace, self._told = store, trace, told
        self.pace = pace or Pace()
        self.calls = 0
        self.unread: dict[str, Unread] = {}
        self.permissions: set[str] = set()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def listed(self, read: Read[T]) -> T | Unread:
        """Read a list to its end and return the fact.

        Raises:
            GraphUnavailable: Graph does not answer; what was read so far is kept.
        """
        failed = await self.stored(read)
        if failed is not None:
            return self.noted(read, read.fact(failed.status, failed.body))
        items = [item for page in self.store.pages(read.name) for item in page]
        return self.noted(read, read.fact(_OK, {"value": items}))

    async def stored(self, read: Read[Any], *, every: float = 0.0) -> Response | None:
        """Read a list into the store; return the answer that ended it before its end.

        Args:
            read: the list.
            every: how many seconds lie between two of its pages, at least.

        Raises:
            GraphUnavailable: likewise.
        """
        restarts = 0
        while not (progress := self.store.progress(read.name)).done:
            path = progress.next_path or read.path
            answer = await self._get(f"/v1.0{path}", read)
            if progress.next_path and _has_expired(answer) and restarts < MOST_RESTARTS:
                restarts += 1
                self.store.restart(read.name)
                continue
            items = answer.body.get("value")
            if answer.status != _OK or not isinstance(items, list):
                self.store.restart(read.name)
                return answer
            following = answer.next_path(f"{self._transport.base_url}/v1.0")
            if following is None and "@odata.nextLink" in answer.body:
                return answer
            self.store.add(read.name, items, following)
            self._told(read.name, progress.pages + 1)
            self.pace.hold(every)
        self.permissions.add(read.permission)
        return None

    async def beta(self, read: Read[T]) -> T | Unread:
        """Send one read to the beta endpoint, for what v1.0 does not have.

        Raises:
            GraphUnavailable: Graph does not answer.
        """
        answer = await self._get(f"/beta{read.path}", read)
        return self.noted(read, read.fact(answer.status, answer.body))

    async def batch(self, reads: Sequence[Read[T]]) -> dict[str, T | Unread]:
        """Send reads of unlike names, 20 in a request; return the facts by name.

        Raises:
            GraphUnavailable: Graph does not answer.
        """
        found: dict[str, T | Unread] = {}
        for start in range(0, len(reads), MOST_IN_BATCH):
            some = reads[start : start + MOST_IN_BATCH]
            answers = Responses(await self._whole(some))
            for read in some:
                found[read.name] = self.noted(read, answers.fact(read))
        return found

    async def _whole(self, reads: Sequence[Read[Any]]) -> dict[str, Response]:
        """Answer reads, their lists to the end."""
        root = f"{self._transport.base_url}/v1.0"
        answers = await self._answers(reads)
        following = _following(reads, answers, root)
        while following:
            pages = await self._answers(following)
            for name, page in pages.items():
                answers[name] = answers[name].joined(page)
            following = _following(following, answers, root)
        return answers

    async def _answers(self, reads: Sequence[Read[Any]]) -> dict[str, Response]:
        """Answer each read for good: what was throttled in a batch is asked for again."""
        answers: dict[str, Response] = {}
        waiting = list(reads)
        for failures in range(MOST_FAILURES + 1):
            answers |= await self._batched(waiting)
            waiting = [read for read in waiting if _is_passing(answers[read.name])]
            if not waiting:
                return answers
            asked = [answers[read.name].retry_after for read in waiting]
            self.pace.refused(max((each for each in asked if each), default=None), failures)
        raise answers[waiting[0].name].unavailable(f"reading {waiting[0].what}")

    async def _batched(self, reads: Sequence[Read[Any]]) -> dict[str, Response]:
        items = [
            {
                "id": read.name,
                "method": "GET",
                "url": read.path,
                "headers": {**HEADERS, **read.headers},
            }
            for read in reads
        ]
        what = "reading " + ", ".join(dict.fromkeys(read.what for read in reads))
        answer = await self._answered(
            what,
            lambda: self._transport.post("/v1.0/$batch", {"requests": items}, what, self._trace),
        )
        if answer.status != _OK:
            return {read.name: answer for read in reads}
        try:
            return responses_by_id(answer.body, [read.name for read in reads])
        except ValueError:
            raise answer.unavailable(what) from None

    async def _get(self, path: str, read: Read[Any]) -> Response:
        what = f"reading {read.what}"
        return await self._answered(what, lambda: self._transport.get(path, what, self._trace))

    async def _answered(self, what: str, send: Callable[[], Awaitable[Response]]) -> Response:
        """Send until there is an answer that says something, as often as makes sense."""
        for failures in range(MOST_FAILURES + 1):
            await self.pace.turn()
            self.calls += 1
            try:
                answer = await send()
            except GraphUnavailable as error:
                if failures == MOST_FAILURES:
                    raise
                self.pace.refused(error.retry_after, failures)
                continue
            if not _is_passing(answer):
                self.pace.heard(answer)
                break
            self.pace.refused(answer.retry_after, failures)
        else:
            raise answer.unavailable(what)
        return answer

    def noted(self, read: Read[Any], fact: T | Unread) -> T | Unread:
        """Note what the read of a fact needed, or that it could not be read; return the fact."""
        if isinstance(fact, Unread):
            self.unread[read.what] = fact
        else:
            self.permissions.add(read.permission)
        return fact


def _following(
    reads: Sequence[Read[Any]], answers: dict[str, Response], root: str
) -> list[Read[Any]]:
    paths = {read.name: answers[read.name].next_path(root) for read in reads}
    return [replace(read, path=path) for read in reads if (path := paths[read.name])]


def _is_passing(answer: Response) -> bool:
    """Tell whether the same call may be answered otherwise later."""
    return answer.status in {_NO_TIMELY_REQUEST, _THROTTLED} or answer.status >= _FAILED_FROM


def _has_expired(answer: Response) -> bool:
    code, _ = answer.error()
    return code == _EXPIRED or answer.status in {_BAD_REQUEST, _GONE}
