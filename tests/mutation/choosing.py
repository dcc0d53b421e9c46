"""Which tests have to see a mutant, in the order that ends soonest."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING

from tests.mutation.mutants import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.mutation.baseline import Baseline
    from tests.mutation.mutants import Mutant

# Who survives these has to survive the others as well.
FIRST = 150
# Seconds: hundreds of cases of a table, each of which may be the only one to see a mutant.
QUICK = 0.03


def chosen(mutant: Mutant, baseline: Baseline) -> list[str]:
    """Return the node ids of the tests that a mutant has to survive."""
    first, last = mutant.statement
    numbers = range(first, last + 1) if mutant.in_function else range(0)
    tests = _union(baseline.covering.get(mutant.path, {}), numbers)
    at_import = _union(baseline.importing.get(mutant.path, {}), numbers)
    # What runs at import, a function among others, is run by no test.
    if not tests:
        tests = _of_module(mutant.path, baseline) | _of_users(mutant.path, baseline)
        tests |= {test for test in baseline.seconds if resembles(test, mutant.path)}
        # A test of a table may read it and run none of the module's functions.
        tests |= {test for test in baseline.seconds if test.startswith(_mirror(mutant.path))}
        tests |= {test for test in baseline.seconds if _names(test, mutant.owner)}
    return _in_order((tests | at_import) & set(baseline.seconds), mutant, baseline)


def _names(test: str, owner: str) -> bool:
    """Return whether a test's file names what a module defines."""
    return _file_names(test.partition("::")[0], owner)


@cache
def _file_names(file: str, owner: str) -> bool:
    return not _words(file).isdisjoint(re.findall(r"\w+", owner))


@cache
def _words(file: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", (ROOT / file).read_text()))


def resembles(test: str, path: str) -> bool:
    """Return whether a test's file has the module's name: one stem begins with the other."""
    module = PurePath(path).stem
    stem = PurePath(test.partition("::")[0]).stem.removeprefix("test_")
    return stem.startswith(module.rstrip("s")) or module.startswith(stem.rstrip("s"))


def _mirror(path: str) -> str:
    """Return the folder of the tests of a module's room."""
    return f"tests/{PurePath(path).parts[1]}/"


def _union(lines: object, numbers: Iterable[int]) -> set[str]:
    assert isinstance(lines, dict)
    return {test for number in numbers for test in lines.get(number, ())}


def _of_module(path: str, baseline: Baseline) -> set[str]:
    """Return the tests that run any of a module's functions."""
    lines = {
        number
        for node in ast.walk(ast.parse((ROOT / path).read_bytes()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for number in range(_body(node).lineno, (node.end_lineno or node.lineno) + 1)
    }
    return _union(baseline.covering.get(path, {}), lines)


def _body(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> ast.stmt | ast.expr:
    return node.body if isinstance(node, ast.Lambda) else node.body[0]


def _of_users(path: str, baseline: Baseline) -> set[str]:
    """Return the tests that run functions of the modules that import this one."""
    module = path.removesuffix(".py").replace("/", ".")
    package, _, name = module.rpartition(".")
    wanted = (f"from {module} import", f"import {module}\n", f"from {package} import")
    found: set[str] = set()
    for user in sorted((ROOT / "converters").rglob("*.py")):
        text = user.read_text()
        if any(line in text for line in wanted[:2]) or (wanted[2] in text and name in text):
            found |= _of_module(user.relative_to(ROOT).as_posix(), baseline)
    return found


def _in_order(tests: set[str], mutant: Mutant, baseline: Baseline) -> list[str]:
    """Sort: the module's own file, what takes no time, then by turns from each test's cases.

    Of what is no function's, the tests that name it come before all others.
    """
    turns: defaultdict[str, int] = defaultdict(int)
    ranked = []
    for test in sorted(tests, key=lambda test: (baseline.seconds[test], test)):
        function = test.partition("[")[0]
        seconds = baseline.seconds[test]
        is_near = resembles(test, mutant.path)
        is_named = not mutant.in_function and _names(test, mutant.owner)
        rank = (not is_named, not is_near, seconds > QUICK, turns[function], seconds, test)
        ranked.append(rank)
        turns[function] += 1
    return [test for *_, test in sorted(ranked)]
