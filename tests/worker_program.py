"""Index function_app and invoke it through the genuine Functions Python worker library.

Run as a program, since the library's registry holds one app a process. Reads a JSON list of
``{"body", "metadata"}`` from standard input, invokes all of them at once, and prints the functions
found and each invocation's success. ``APP_FOLDER`` names another app than this checkout's. Source:
the library's own protocol, without its gRPC edges.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.native_invocation import invocation_request_native

APP = Path(os.environ.get("APP_FOLDER") or Path(__file__).resolve().parent.parent)
JSON_METADATA = {"DequeueCount", "ExpirationTime", "InsertionTime", "NextVisibleTime"}


class _Bag:
    """Takes whatever attributes the library hands to a protocol message."""

    def __init__(self, *arguments: Any, **attributes: Any) -> None:  # noqa: ANN401
        self.__dict__.update(attributes, arguments=arguments)


class BindingInfo(_Bag):
    """Directions, as the protocol numbers them."""

    undefined, in_, out, inout = 0, 0, 1, 2


class StatusResult(_Bag):
    """Results, as the protocol numbers them."""

    Failure, Success = 0, 1


NAMES = (
    "WorkerInitResponse",
    "FunctionMetadataResponse",
    "RpcFunctionMetadata",
    "RpcRetryOptions",
    "WorkerMetadata",
    "RpcException",
)
PROTOCOL = SimpleNamespace(
    **{name: type(name, (_Bag,), {}) for name in NAMES},
    BindingInfo=BindingInfo,
    StatusResult=StatusResult,
)


async def main(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Index the app, invoke every message at once, and say what happened."""
    sys.path.insert(0, str(APP))
    runtime.start_threadpool_executor()
    init = SimpleNamespace(capabilities={}, function_app_directory=str(APP))
    request = SimpleNamespace(
        request=SimpleNamespace(worker_init_request=init),
        properties={"host": "127.0.0.1", "protos": PROTOCOL},
    )
    started = await runtime.worker_init_request(request)
    if started.result.status != StatusResult.Success:
        return {"error": started.result.exception.message}
    listed = await runtime.functions_metadata_request(None)
    functions = {found.name: found.function_id for found in listed.function_metadata_results}
    results = await asyncio.gather(
        *(_invoke(number, functions["convert"], message) for number, message in enumerate(messages))
    )
    return {"functions": sorted(functions), "results": results}


async def _invoke(number: int, function_id: str, message: dict[str, Any]) -> dict[str, Any]:
    metadata = {
        name: Datum(json.dumps(value) if name in JSON_METADATA else value, _kind(name))
        for name, value in message["metadata"].items()
    }
    inputs = [("message", Datum(message["body"], "string"))]
    ok, _, _, error, _ = await invocation_request_native(
        f"invocation-{number}", function_id, inputs, metadata
    )
    return {"ok": ok, "error": error}


def _kind(name: str) -> str:
    return "json" if name in JSON_METADATA else "string"


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
