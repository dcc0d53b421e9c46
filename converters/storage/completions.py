"""What the ledger keeps of a completion: what was asked for, and how far it is. Pure.

Object ids, codes and our own sentences; no name, and no word of Graph's.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from converters.model.completion import Step
from converters.model.follow_up import Completing
from converters.model.outcome import StepResult, StepState
from converters.storage.reasons import read_reasons
from converters.wire.completions import read_completion, written_completion

if TYPE_CHECKING:
    from converters.model.completion import Completion


def written_asked(completion: Completion) -> str:
    """Write down what is asked for, as JSON; empty where nothing is."""
    body = written_completion(completion)
    return json.dumps(body, separators=(",", ":")) if body else ""


def read_asked(text: str | None, *, vouched: bool) -> Completion:
    """Read what ``written_asked`` wrote; rows of before have none."""
    asked = read_completion(json.loads(text) if text else None)
    return replace(asked, vouched=vouched)


def written_completing(completing: Completing) -> str:
    """Write down how far a completion is, as JSON."""
    kept = {
        "since": completing.since,
        "results": [asdict(result) for result in completing.results],
    }
    return json.dumps(kept, separators=(",", ":"))


def read_completing(text: str | None) -> Completing | None:
    """Read what ``written_completing`` wrote; ``None`` where no completion has begun."""
    if not text:
        return None
    kept = json.loads(text)
    return Completing(tuple(_result(each) for each in kept["results"]), kept["since"])


def _result(kept: dict[str, Any]) -> StepResult:
    reasons = read_reasons(kept["reasons"])
    return StepResult(Step(kept["step"]), StepState(kept["state"]), reasons, kept["permission"])
