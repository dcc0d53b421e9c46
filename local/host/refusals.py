"""What storage may refuse: which of it the host survives.

Source: the Storage Queues extension's QueueListener and QueueProcessor.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from azure.core.exceptions import HttpResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)
_SERVER_ERROR = 500


def first_line(error: Exception) -> str:
    """Return what an error says, in one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0]


def passes(error: HttpResponseError) -> bool:
    """Return whether the listener polls on: the queue is missing, or the service is at fault."""
    status = error.status_code or 0
    return status in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT} or status >= _SERVER_ERROR


@contextmanager
def theirs() -> Iterator[None]:
    """Pass over a message that somebody else took or deleted meanwhile: it is theirs."""
    try:
        yield
    except HttpResponseError as error:
        is_gone = error.status_code == HTTPStatus.NOT_FOUND
        if not is_gone and getattr(error, "error_code", "") != "PopReceiptMismatch":
            raise
        logger.info("not ours any more: %s", first_line(error))
