"""The calls that this product makes to Microsoft Graph: reads in batches, and one POST for users.

What keeps its subscription to events alive goes through here too (``graph/subscriptions.py``).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from converters.graph.invitation_body import invitation_body
from converters.graph.rate_limit import Cooldown, RateLimiter, Reservation
from converters.graph.read import Incomplete, Item
from converters.graph.responses import Response, Responses, responses_by_id
from converters.graph.transport import Transport
from converters.model.errors import GraphRefused, GraphUnavailable
from converters.model.outcome import Invitation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from azure.core.credentials_async import AsyncTokenCredential

    from converters.graph.read import Json, Read
    from converters.model.facts import Unread
    from converters.model.trace import Trace
    from converters.policy.approval import Approval

    Sender = Callable[[Sequence[Read[Any]]], Awaitable[dict[str, Response]]]

T = TypeVar("T")

_OK, _CREATED, _REFUSED_FROM, _NOT_FOUND, _UNAVAILABLE = 200, 201, 400, 404, 503
_READS, _INVITATIONS = "reads", "invitations"
# Far more than any list that a rule looks at has; what is longer is not read whole.
_MOST_PAGES = 20


class Graph:
    """A client of one tenant's Microsoft Graph; one per worker, made inside the running loop.

    Args:
        base_url: Graph's root, without a version.
        credential: for the access token; ``None`` for the emulator on loopback alone.
    """

    def __init__(self, base_url: str, credential: AsyncTokenCredential | None) -> None:
        self._transport = Transport(base_url, credential)
        self._cooldowns = {_READS: Cooldown(), _INVITATIONS: Cooldown()}
        self._limiter = RateLimiter()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def reserve(self, most_seconds: float) -> Reservation:
        """Wait until another invitation is within this worker's share of the tenant's limit.

        Far below the limit it never waits. Near it the wait is short, and keeps one of the host's
        messages in flight: that is what makes the host fetch fewer.

        Args:
            most_seconds: the longest wait.

        Raises:
            GraphUnavailable: that takes too long, or Graph has said to wait.
        """
        self._hold_back(_INVITATIONS, "inviting the user")
        wait = self._limiter.reserve(most_seconds)
        if wait is None:
            raise GraphUnavailable(
                "inviting the user, within its rate limit", retry_after=most_seconds
            )
        if wait:
            await asyncio.sleep(wait)
        return Reservation(self._limiter)

    async def read(self, reads: Sequence[Read[Any]], trace: Trace) -> Responses:
        """Send reads as one ``$batch``, at most 20 ("Combine multiple HTTP requests").

        Lists are read to their end, all next pages in one ``$batch`` again ("Paging").

        Raises:
            GraphUnavailable: a batch, or any item of it, was throttled or failed for a while, or
                its answer makes no sense.
        """
        return await self._read_whole(reads, "/v1.0", lambda some: self._batch(some, trace))

    async def read_beta(self, read: Read[T], trace: Trace) -> T | Unread:
        """Send one read to the beta endpoint, for what v1.0 does not have; raises likewise."""
        return await self.read_alone(read, trace, "/beta")

    async def read_alone(
        self, read: Read[T], trace: Trace, version: Literal["/v1.0", "/beta"] = "/v1.0"
    ) -> T | Unread:
        """Send one read, and those of its next pages, without a batch.

        Raises:
            GraphUnavailable: it was throttled or failed for a while.
        """
        what = f"reading {read.what}"

        async def get(reads: Sequence[Read[Any]]) -> dict[str, Response]:
            self._hold_back(_READS, what)
            answer = await self._transport.get(f"{version}{reads[0].path}", what, trace)
            return {read.name: self._final(answer, what, _READS)}

        return (await self._read_whole([read], version, get)).fact(read)

    async def page(self, path: str, what: str, trace: Trace) -> Response:
        """Read one page of what is not to be joined; ``path`` begins below the version.

        Raises:
            GraphUnavailable: it was throttled or failed for a while.
        """
        self._hold_back(_READS, what)
        return self._final(await self._transport.get(f"/v1.0{path}", what, trace), what, _READS)

    def below(self, link: str) -> str | None:
        """Return the path of a link that Graph has sent; ``None`` if it leads anywhere else."""
        root = f"{self._transport.base_url}/v1.0"
        # The access token goes along: to Graph alone, whatever an answer says.
        return link.removeprefix(root) if link.startswith(f"{root}/") else None

    async def subscribe(
        self, method: Literal["POST", "PATCH", "DELETE"], path: str, body: Json, trace: Trace
    ) -> Response:
        """Make, extend or remove a subscription to events: nothing of the directory's changes.

        Raises:
            GraphRefused: Graph says no for good.
            GraphUnavailable: nothing is known; it may or may not have been done.
        """
        what, path = "subscribing to events", f"/v1.0/subscriptions{path}"
        self._hold_back(_READS, what)
        if method == "POST":
            answer = await self._transport.post(path, body, what, trace)
        elif method == "PATCH":
            answer = await self._transport.patch(path, body, what, trace)
        else:
            answer = await self._transport.delete(path, what, trace)
        self._final(answer, what, _READS)
        if answer.status >= _REFUSED_FROM:
            raise GraphRefused(answer.status, *answer.error(), answer.request_id)
        return answer

    async def invite(
        self, approval: Approval, reservation: Reservation, trace: Trace
    ) -> Invitation:
        """Make the invitation: all that changes the directory, but for the steps of completions.

        Raises:
            GraphRefused: Graph says no for good.
            GraphUnavailable: nothing is known; the invitation may or may not have been made.
        """
        what = "inviting the user"
        reservation.use()
        if wait := self._limiter.spacing():
            await asyncio.sleep(wait)
        self._hold_back(_INVITATIONS, what)
        body = invitation_body(approval)
        answer = await self._transport.post("/v1.0/invitations", body, what, trace)
        self._final(answer, what, _INVITATIONS)
        self._limiter.record_sent(answer.limit_used)
        if answer.status >= _REFUSED_FROM:
            raise GraphRefused(answer.status, *answer.error(), answer.request_id)
        try:
            if answer.status == _CREATED:
                return _invitation(answer)
        except Incomplete:
            pass
        raise answer.unavailable(what)

    async def _read_whole(
        self, reads: Sequence[Read[Any]], version: str, send: Sender
    ) -> Responses:
        """Read, and read on until no list has a next page."""
        answers, root = await send(reads), self._transport.base_url + version
        for _ in range(_MOST_PAGES):
            paths = {read.name: answers[read.name].next_path(root) for read in reads}
            following = [replace(read, path=path) for read in reads if (path := paths[read.name])]
            if not following:
                break
            for name, page in (await send(following)).items():
                answers[name] = answers[name].joined(page)
        return Responses(answers)

    async def _batch(self, reads: Sequence[Read[Any]], trace: Trace) -> dict[str, Response]:
        items = [
            {"id": read.name, "method": "GET", "url": read.path, "headers": dict(read.headers)}
            for read in reads
        ]
        what = "reading " + ", ".join(read.what for read in reads)
        self._hold_back(_READS, what)
        whole = await self._transport.post("/v1.0/$batch", {"requests": items}, what, trace)
        self._final(whole, what, _READS)
        if whole.status == _NOT_FOUND:
            # Of the batch itself: it says nothing of what was asked for in it.
            raise whole.unavailable(what)
        if whole.status != _OK:
            return {read.name: whole for read in reads}
        try:
            answers = responses_by_id(whole.body, [read.name for read in reads])
        except ValueError:
            raise whole.unavailable(what) from None
        return {
            read.name: self._final(answers[read.name], f"reading {read.what}", _READS)
            for read in reads
        }

    def _hold_back(self, lane: str, what: str) -> None:
        """Raise in place of a call that Graph has asked not to make yet."""
        remaining = self._cooldowns[lane].remaining()
        if remaining:
            raise GraphUnavailable(f"{what}, too early", retry_after=remaining)

    def _final(self, answer: Response, what: str, lane: str) -> Response:
        """Return an answer that concludes something.

        Raises:
            GraphUnavailable: it does not; the same call may be answered otherwise later.
        """
        if not answer.is_passing:
            return answer
        if answer.is_throttled:
            self._cooldowns[lane].start(answer.retry_after)
            if lane == _INVITATIONS:
                self._limiter.record_throttled()
        elif answer.status == _UNAVAILABLE and answer.retry_after:
            self._cooldowns[lane].start(answer.retry_after)
        raise answer.unavailable(what)


def _invitation(answer: Response) -> Invitation:
    made = Item(answer.body)
    return Invitation(
        id=made.text("id"),
        status=made.text("status"),
        invited_user_id=made.item("invitedUser").text("id"),
        redeem_url=made.text("inviteRedeemUrl"),
        redirect_url=made.text("inviteRedirectUrl"),
        request_id=answer.request_id,
    )
