"""What happened to messages and hosts, and how it differs from what was expected."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

POISON_DAYS = 7


class Tolerance(NamedTuple):
    """By how many seconds a delay may differ and still be the same one."""

    early: float = 0.5
    # A busy machine is late: five hosts run at once, and their workers start and import.
    late: float = 8.0


class Seen(NamedTuple):
    """One try, as the function lived it.

    Attributes:
        number: the message's dequeue count.
        how: ``returned``, what was raised, or nothing where the function saw no end.
        after: seconds since the try before began, or since the message was put; where None is
            expected, it says nothing of the host.
    """

    number: int
    how: str
    after: float | None


class Poisoned(NamedTuple):
    """A message in the poison queue."""

    text: str
    number: int = 0
    days: int = POISON_DAYS


class Trace(NamedTuple):
    """What happened.

    Attributes:
        tries: by message.
        poison: the messages in the poison queue.
        left: how many messages are in the queue, hidden ones too.
        exits: each host's exit code; None where it still runs.
        seconds: how long something took, by what it is.
    """

    tries: Mapping[str, Sequence[Seen]]
    poison: Sequence[Poisoned] = ()
    left: int = 0
    exits: Sequence[int | None] = (None,)
    seconds: Mapping[str, float] = MappingProxyType({})


def differences(expected: Trace, seen: Trace, tolerance: Tolerance) -> list[str]:
    """Return what differs, each as a sentence; delays count as the same within the tolerance."""
    found = [
        f"{what}: {there!r}, not {wanted!r}"
        for what, wanted, there in (
            ("poison", sorted(expected.poison), sorted(seen.poison)),
            ("left", expected.left, seen.left),
            ("exits", list(expected.exits), list(seen.exits)),
        )
        if wanted != there
    ]
    found += _tries(expected, seen, tolerance)
    for what in {*expected.seconds, *seen.seconds}:
        found += _delay(what, expected.seconds.get(what), seen.seconds.get(what), tolerance)
    return found


def _tries(expected: Trace, seen: Trace, tolerance: Tolerance) -> Iterator[str]:
    for name in sorted({*expected.tries, *seen.tries}):
        wanted, there = expected.tries.get(name, ()), seen.tries.get(name, ())
        if [it[:2] for it in wanted] != [it[:2] for it in there]:
            yield f"{name}: {list(there)}, not {list(wanted)}"
            continue
        for one, other in zip(wanted, there, strict=True):
            if one.after is not None:
                yield from _delay(f"{name}, try {one.number}", one.after, other.after, tolerance)


def _delay(
    what: str, wanted: float | None, there: float | None, tolerance: Tolerance
) -> Iterator[str]:
    if wanted is None or there is None:
        yield f"{what}: {there} s, not {wanted}"
    elif not -tolerance.early <= there - wanted <= tolerance.late:
        yield f"{what}: after {there:.1f} s, not {wanted:g}"
