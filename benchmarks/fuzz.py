"""Fuzz the message parser: mutated requests and raw bytes; ``make fuzz``.

No exception but the documented one, and no case slower than the bound; prints what it did, and ends
with exit code 1 on a violation, with the input that caused it.
"""

from __future__ import annotations

import base64
import json
import random
import sys
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from converters.model.errors import RequestInvalid  # noqa: E402 - the project is no installed package
from converters.wire.requests import parse  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = 120_000
SLOWEST_SECONDS = 0.05
LARGEST = 65_536
# How senders get an encoding wrong, or right; several at once too.
ENCODINGS: list[Callable[[bytes], bytes]] = [
    base64.b64encode,
    base64.urlsafe_b64encode,
    lambda data: base64.b64encode(data).rstrip(b"="),
    lambda data: repr(data).encode(),
    lambda data: data.decode("utf-8", "replace").encode("utf-16"),
    lambda data: json.dumps(data.decode("utf-8", "replace")).encode(),
    lambda data: b"[" + data + b"]",
    lambda data: data.replace(b'"', b"&quot;"),
    lambda data: data.replace(b'"', b"'"),
    lambda data: quote(data).encode(),
    lambda data: zlib.compress(data, 1),
]
SEEDS = [path.read_bytes() for path in sorted((ROOT / "docs/contract/examples").glob("[er]*.json"))]
TOKENS = [
    *b'{}[]:,"\\',
    *(text.encode() for text in ("null", "true", "1e999", "-0", "\\ud800", "\\u0000", "NaN")),
    *(text.encode() for text in ('"id":', '"data":', '"specversion":"1.0",', '"requestId":"\xe9"')),
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"[" * 5000,
    b'{"a":' * 5000,
    b'"' + b"9" * 20_000 + b'"',
    b"9" * 5000,
    b" " * 30_000,
]


def main() -> int:
    """Run every case; return the exit code."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(2**32)
    chance = random.Random(seed)
    accepted = rejected = 0
    slowest = 0.0
    for number in range(CASES):
        body = _case(chance)
        started = time.thread_time()
        try:
            parse(body, "message-id")
            accepted += 1
        except RequestInvalid:
            rejected += 1
        except Exception as error:  # noqa: BLE001 - anything else is what the fuzz looks for
            print(f"case {number} of seed {seed}: {type(error).__name__} for {body[:500]!r}")
            return 1
        took = time.thread_time() - started
        slowest = max(slowest, took)
        if took > SLOWEST_SECONDS:
            print(f"case {number} of seed {seed}: {took * 1000:.0f} ms for {body[:500]!r}")
            return 1
    print(f"{CASES} cases (seed {seed}): {accepted} accepted, {rejected} rejected,", end=" ")
    print(f"slowest {slowest * 1000:.1f} ms, bound {SLOWEST_SECONDS * 1000:.0f} ms")
    return 0


def _case(chance: random.Random) -> bytes:
    kind = chance.random()
    if kind < 0.1:
        return chance.randbytes(chance.randrange(200))
    body = bytearray(chance.choice(SEEDS))
    if kind < 0.5:
        body = bytearray(json.dumps(_mutated(json.loads(body), chance)).encode())
    for _ in range(chance.randrange(4)):
        _disturb(body, chance)
    data = bytes(body[:LARGEST])
    while chance.random() < 0.3:
        data = chance.choice(ENCODINGS)(data)[:LARGEST]
    return data


def _disturb(body: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(body) + 1)
    match chance.randrange(4):
        case 0:
            del body[at : at + chance.randrange(20)]
        case 1:
            token = chance.choice(TOKENS)
            body[at:at] = token if isinstance(token, bytes) else bytes([token])
        case 2:
            body[at:at] = body[at : at + chance.randrange(60)]
        case 3 if at < len(body):
            body[at] = chance.randrange(256)


def _mutated(value: object, chance: random.Random) -> object:
    """Replace, drop or add values somewhere in a JSON tree."""
    if chance.random() < 0.08:
        return chance.choice(
            [
                None,
                True,
                0,
                -1,
                1e308,
                "",
                "x" * 5000,
                "\ud800",
                "\x00",
                [],
                {},
                [[]],
                "a@b",
                10**40,
            ]
        )
    if isinstance(value, dict):
        kept = {
            key: _mutated(item, chance) for key, item in value.items() if chance.random() > 0.05
        }
        if chance.random() < 0.1:
            kept[chance.choice(["id", "Id", "data", "\ud800", "x" * 300, "mode", ""])] = 1
        return kept
    if isinstance(value, list):
        return [_mutated(item, chance) for item in value] * chance.randrange(1, 3)
    return value


if __name__ == "__main__":
    sys.exit(main())
