"""The tables of docs/security.md and docs/reliability.md, held against the tests that they name."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING

from tests import tree

if TYPE_CHECKING:
    from collections.abc import Iterator


def broken(page: str, letter: str) -> list[str]:
    """Return what is wrong with the proofs of a page whose rows are numbered with a letter.

    Each row names at least one test that there is. A test that is named, or that bears the row's
    number, asserts something, is never skipped, and runs what is deployed or a rule of it.
    """
    rows = re.findall(rf"^\| {letter}(\d+) \|.*\|([^|]*)\|$", page, re.MULTILINE)
    numbers = [int(number) for number, _ in rows]
    problems = [] if numbers == list(range(1, len(rows) + 1)) else [f"rows {numbers}"]
    for number, proof in rows:
        problems += [f"{letter}{number}: {problem}" for problem in _unproved(letter, number, proof)]
    named = {number for test in tree.tests() for number in _numbers(test, letter)}
    return problems + [f"{letter}{number} is no row" for number in named - set(numbers)]


def _unproved(letter: str, number: str, proof: str) -> Iterator[str]:
    patterns = re.findall(r"`(test_[\w*]+)`", proof)
    proving = [test for test in tree.tests() if int(number) in _numbers(test, letter)]
    if not patterns:
        yield "names no test"
    for pattern in patterns:
        found = [test for test in tree.tests() if fnmatch.fnmatchcase(test.name, pattern)]
        if not found:
            yield f"there is no {pattern}"
        proving += [test for test in found if test not in proving]
    for test in proving:
        if not test.asserts():
            yield f"{test} asserts nothing"
        if test.may_skip():
            yield f"{test} may be skipped"
        if not test.runs_product():
            yield f"{test} runs nothing of what is deployed"
    targets = re.findall(r"^([\w-]+):", (tree.ROOT / "Makefile").read_text(), re.MULTILINE)
    for target in re.findall(r"`make ([\w-]+)`", proof):
        if target not in targets:
            yield f"there is no `make {target}`"


def _numbers(test: tree.Definition, letter: str) -> set[int]:
    """Return the numbers that a test bears in its name, as 7 and 8 in ``test_s7_s8_ledger``."""
    tags = re.match(r"test_((?:[a-z]\d+_)*)", test.name)
    found = re.findall(rf"\b{letter.lower()}(\d+)", tags[1].replace("_", " ")) if tags else []
    return {int(number) for number in found}
