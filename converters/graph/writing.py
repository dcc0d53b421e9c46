"""The writes of a completion: beside the invitation, all that this product changes at Graph.

Each takes a ``Permit``, which the policy alone makes, and none is repeated here: what may have
worked is looked at, or done, again by whoever asked for it.
"""

from __future__ import annotations

import secrets
import string
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from converters.graph.rate_limit import Cooldown
from converters.graph.transport import Transport
from converters.graph.user_reads import quoted
from converters.model.completion import Step
from converters.model.errors import GraphRefused, GraphUnavailable

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from converters.graph.read import Json
    from converters.graph.responses import Response
    from converters.model.trace import Trace
    from converters.policy.completing import Permit

_REFUSED_FROM, _NOT_FOUND = 400, 404
# "Add sponsor": what Graph says of one who is there already.
_THERE_ALREADY = "added object references already exist"
# "Password policies and restrictions": at most 256 characters, of at least three of four kinds.
PASSWORD_LENGTH = 80
_SIGNS = "@#$%^&*-_!+=:.?"
_KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, _SIGNS)
_ALPHABET = string.ascii_letters + string.digits + _SIGNS


class DirectoryWriter:
    """Writes what was permitted; one per worker, made inside the running loop.

    Args:
        base_url: Graph's root, without a version.
        credential: for the access token; ``None`` for the emulator on loopback alone.
    """

    def __init__(self, base_url: str, credential: AsyncTokenCredential | None) -> None:
        self._base_url, self._credential = base_url, credential
        # Each step waits for itself: a limit that one has met need not be another's.
        self._cooldowns: defaultdict[Step, Cooldown] = defaultdict(Cooldown)

    @cached_property
    def _transport(self) -> Transport:
        # Made by the first write: most workers do none, and another HTTP client costs 20 ms.
        return Transport(self._base_url, self._credential)

    async def close(self) -> None:
        """Close the connections."""
        if "_transport" in self.__dict__:
            await self._transport.close()

    async def carry_out(self, permit: Permit, trace: Trace) -> None:
        """Do one step of a completion.

        Raises:
            GraphRefused: Graph says no for good, or misses a permission (401, 403).
            GraphUnavailable: nothing is known; it may or may not have been done.
        """
        what = f"completing ({permit.step})"
        if remaining := self._cooldowns[permit.step].remaining():
            raise GraphUnavailable(f"{what}, too early", retry_after=remaining)
        answer = await self._sent(permit, what, trace)
        # The user was read a moment ago: a 404 is a replica's that lags.
        if answer.is_passing or answer.status == _NOT_FOUND:
            if answer.is_throttled or answer.retry_after:
                self._cooldowns[permit.step].start(answer.retry_after)
            raise answer.unavailable(what)
        if not _is_done(permit, answer):
            raise GraphRefused(answer.status, *answer.error(), answer.request_id)

    async def _sent(self, permit: Permit, what: str, trace: Trace) -> Response:
        user = f"/v1.0/users/{quoted(permit.user_id)}"
        match permit.step:
            case Step.REVOKE_SESSIONS:
                path = f"{user}/revokeSignInSessions"
                return await self._transport.post(path, {}, what, trace)
            case Step.RANDOMISE_PASSWORD:
                profile = {"password": random_password(), "forceChangePasswordNextSignIn": False}
                return await self._transport.patch(user, {"passwordProfile": profile}, what, trace)
            case Step.USER_TYPE:
                return await self._transport.patch(user, {"userType": "Guest"}, what, trace)
            case Step.SPONSOR:
                path, body = f"{user}/sponsors/$ref", self._reference(permit)
                return await self._transport.post(path, body, what, trace)
            case Step.MANAGER:
                path, body = f"{user}/manager/$ref", self._reference(permit)
                return await self._transport.put(path, body, what, trace)

    def _reference(self, permit: Permit) -> Json:
        person = quoted(permit.person_id or "")
        return {"@odata.id": f"{self._base_url}/v1.0/users/{person}"}


def random_password() -> str:
    """Return a password that nobody knows, of every kind of character."""
    while True:
        password = "".join(secrets.choice(_ALPHABET) for _ in range(PASSWORD_LENGTH))
        if all(set(kind) & set(password) for kind in _KINDS):
            return password


def _is_done(permit: Permit, answer: Response) -> bool:
    """Tell whether what was asked for is so; a refusal may say that it was so already."""
    if answer.status < _REFUSED_FROM:
        # "user: revokeSignInSessions" answers with a truth value.
        return answer.body.get("value") is not False
    return permit.step is Step.SPONSOR and _THERE_ALREADY in answer.error()[1].lower()
