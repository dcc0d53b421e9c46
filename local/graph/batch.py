"""``POST /$batch`` ("Combine multiple HTTP requests using JSON batching")."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from local.graph.errors import GraphError, bad_request
from local.graph.exchange import JSON_TYPE, Answer, refusal

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Mapping

    from local.graph.exchange import Call
    from local.graph.schema import Json

MOST = 20
_FAILED_FROM = 400
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Item:
    """One request of a batch; ids are told apart without regard to case."""

    id: str
    call: Call
    after: tuple[str, ...]

    @property
    def key(self) -> str:
        """The id as it is compared."""
        return self.id.lower()


async def answer_batch(
    call: Call, answer: Callable[[Call], Awaitable[Answer]], order: random.Random
) -> Json:
    """Answer every item on its own, in whatever order.

    Args:
        call: the batch.
        answer: answers one item.
        order: shuffles the answers, as Graph promises no order.

    Raises:
        GraphError: 400, for a batch that is none.
    """
    answers: dict[str, Answer] = {}
    items = waiting = _items(call)
    while waiting:
        ready = [item for item in waiting if all(key in answers for key in item.after)]
        if not ready:
            raise _malformed()
        for item in ready:
            if any(answers[key].status >= _FAILED_FROM for key in item.after):
                answers[item.key] = _failed_dependency(item)
            else:
                answers[item.key] = await answer(item.call)
        waiting = [item for item in waiting if item.key not in answers]
    responses = [_response(item, answers[item.key]) for item in items]
    order.shuffle(responses)
    return {"responses": responses}


def _items(call: Call) -> list[Item]:
    """Return the batch's items.

    Raises:
        GraphError: 400.
    """
    entries = call.body.get("requests") if isinstance(call.body, dict) else None
    if not isinstance(entries, list) or not entries:
        raise _malformed()
    if len(entries) > MOST:
        raise bad_request(f"Number of batch request steps exceeds the maximum value of {MOST}.")
    items = [_item(call, entry) for entry in entries]
    keys: set[str] = set()
    for item in items:
        if item.key in keys:
            raise bad_request(f"Request Id {item.id} has to be unique in a batch.")
        keys.add(item.key)
    if any(key not in keys for item in items for key in item.after):
        raise _malformed()
    return items


def _item(batch: Call, entry: object) -> Item:
    match entry:
        case {"id": str(item_id), "method": str(method), "url": str(url), **others} if item_id:
            headers, after = _headers(others.get("headers")), _ids(others.get("dependsOn"))
        case _:
            raise _malformed()
    if method.upper() not in _METHODS or "://" in url.partition("?")[0]:
        raise _malformed()
    call = replace(
        batch,
        method=method.upper(),
        target="/" + url.removeprefix("/"),
        headers=headers,
        body=others.get("body"),
        in_batch=True,
    )
    if call.body is not None and "content-type" not in headers:
        raise bad_request("A request with a body has to have a Content-Type header.")
    return Item(item_id, call, after)


def _headers(value: object) -> dict[str, str]:
    if not isinstance(value, dict | None):
        raise _malformed()
    headers = value or {}
    if not all(isinstance(text, str) for text in headers.values()):
        raise _malformed()
    return {name.lower(): text for name, text in headers.items()}


def _ids(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | None):
        raise _malformed()
    ids = value or []
    if not all(isinstance(text, str) for text in ids):
        raise _malformed()
    return tuple(text.lower() for text in ids)


def _malformed() -> GraphError:
    return bad_request("Invalid batch payload format.")


def _failed_dependency(item: Item) -> Answer:
    message = "The request was not run, as a request that it depends on failed."
    return refusal(GraphError(424, "FailedDependency", message), item.call)


def _response(item: Item, answer: Answer) -> Json:
    kind = "text/html" if isinstance(answer.body, str) else JSON_TYPE
    headers: Mapping[str, str] = {**answer.headers, "Content-Type": kind}
    response = {"id": item.id, "status": answer.status, "headers": headers, "body": answer.body}
    return cast("Json", response)
