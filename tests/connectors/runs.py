"""Runs of the connectors' workflows: real HTTP to storage, Graph's and a caller's side in a test.

Source: "Schema reference guide for trigger and action types", "Handle errors and exceptions". Only
what the connectors use, and an error for everything else. Retry policies are not played: one call.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import jsonschema
from yarl import URL

from tests.connectors.expressions import ExpressionError, contains, evaluated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import aiohttp

Json = dict[str, Any]
STORAGE = {"type": "ManagedServiceIdentity", "audience": "https://storage.azure.com/"}
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda one, other: type(one) is type(other) and one == other,
    "greater": lambda one, other: one > other,
    "greaterOrEquals": lambda one, other: one >= other,
    "contains": contains,
}
_HTTP = {"method", "uri", "headers", "body", "authentication", "retryPolicy"}


@dataclass(slots=True)
class Action:
    """How an action ended, and what it gave."""

    status: str
    output: Any = None


@dataclass(slots=True)
class Run:
    """One run.

    Attributes:
        definition: the workflow's, as it is deployed.
        parameters: their values, as they are deployed.
        session: for HTTP.
        signature: what opens storage here in place of the identity's token: a SAS, by how a URL
            begins; nothing else of storage can be called.
        actions: how each action ended, by name; of a loop, its last turn.
        response: what the caller was answered.
        failures: names of the actions that failed.
    """

    definition: Json
    parameters: Mapping[str, Any]
    session: aiohttp.ClientSession
    signature: Mapping[str, str]
    actions: dict[str, Action] = field(default_factory=dict)
    response: Json | None = None
    failures: list[str] = field(default_factory=list)
    _trigger: Any = None
    _items: dict[str, Any] = field(default_factory=dict)

    async def triggered(self, body: Any = None) -> str:  # noqa: ANN401 - any JSON
        """Run it all; return its status.

        Raises:
            jsonschema.ValidationError: the trigger refuses the body.
        """
        declared = {name: kind["type"] for name, kind in self.definition["parameters"].items()}
        assert declared.keys() == self.parameters.keys()
        (trigger,) = self.definition["triggers"].values()
        if trigger["type"] == "Request":
            assert trigger["operationOptions"] == "EnableSchemaValidation"
            jsonschema.validate(body, trigger["inputs"]["schema"])
        else:
            assert (trigger["type"], body) == ("Recurrence", None)
        self._trigger = body
        return await self._all(self.definition["actions"])

    async def _all(self, actions: Json) -> str:
        """Run actions, each after those that it names; return the status of the whole."""
        left: Json = dict(actions)
        done: dict[str, str] = {}
        while left:
            ready = [name for name, one in left.items() if not {*one["runAfter"]} & {*left}]
            assert ready, f"in a circle: {sorted(left)}"
            for name in ready:
                action = left.pop(name)
                if all(done[it] in wanted for it, wanted in action["runAfter"].items()):
                    done[name] = await self._one(name, action)
                else:
                    done[name] = "Skipped"
                    self.actions[name] = Action("Skipped")
        return "Failed" if "Failed" in done.values() else "Succeeded"

    async def _one(self, name: str, action: Json) -> str:
        kind = action["type"]
        try:
            status = await getattr(self, f"_{kind.lower()}")(name, action)
        except ExpressionError as error:
            self.actions[name] = Action("Failed", {"error": str(error)})
            status = "Failed"
        if status == "Failed":
            self.failures.append(name)
        return str(status)

    async def _scope(self, _: str, action: Json) -> str:
        return await self._all(action["actions"])

    async def _if(self, _: str, action: Json) -> str:
        branch = action if self._holds(action["expression"]) else action.get("else", {})
        return await self._all(branch.get("actions", {}))

    async def _foreach(self, name: str, action: Json) -> str:
        statuses = set()
        for item in self._value(action["foreach"]):
            for inner in _names(action["actions"]):
                self.actions.pop(inner, None)
            self._items[name] = item
            statuses.add(await self._all(action["actions"]))
        return "Failed" if "Failed" in statuses else "Succeeded"

    async def _compose(self, name: str, action: Json) -> str:
        self.actions[name] = Action("Succeeded", self._value(action["inputs"]))
        return "Succeeded"

    async def _query(self, name: str, action: Json) -> str:
        found = []
        for item in self._value(action["inputs"]["from"]):
            self._items[""] = item
            if self._value(action["inputs"]["where"]):
                found.append(item)
        self.actions[name] = Action("Succeeded", {"body": found})
        return "Succeeded"

    async def _response(self, _: str, action: Json) -> str:
        assert self.response is None
        self.response = self._value(action["inputs"])
        return "Succeeded"

    async def _http(self, name: str, action: Json) -> str:
        inputs = self._value(action["inputs"])
        assert {*inputs} <= _HTTP
        url, body = inputs["uri"], inputs.get("body")
        if inputs.get("authentication") == STORAGE:
            url = self._signed(url)
        elif "authentication" in inputs:
            assert url.startswith(inputs["authentication"]["audience"])
        data = body if isinstance(body, str) else json.dumps(body) if body is not None else None
        async with self.session.request(
            inputs["method"], URL(url, encoded=True), headers=inputs.get("headers"), data=data
        ) as answer:
            output = {"statusCode": answer.status, "body": _read(await answer.read(), answer)}
        well = 200 <= output["statusCode"] < 300
        self.actions[name] = Action("Succeeded" if well else "Failed", output)
        return self.actions[name].status

    def _signed(self, url: str) -> str:
        (signature,) = [it for start, it in self.signature.items() if url.startswith(start)]
        return f"{url}{'&' if '?' in url else '?'}{signature}"

    def _holds(self, expression: Json) -> bool:
        ((name, operands),) = expression.items()
        match name:
            # Every operand is looked at, as one that cannot be evaluated is an error.
            case "and":
                return all([self._holds(each) for each in operands])  # noqa: C419
            case "or":
                return any([self._holds(each) for each in operands])  # noqa: C419
            case "not":
                return not self._holds(operands)
        try:
            return bool(_COMPARED[name](*self._value(operands)))
        except (TypeError, KeyError) as error:
            raise ExpressionError(f"{name}: {error}") from error

    def _value(self, value: Any) -> Any:  # noqa: ANN401
        return evaluated(
            value,
            {
                "parameters": lambda name: self.parameters[name],
                "triggerBody": lambda: self._trigger,
                "workflow": lambda: {"run": {"name": "08584000000000000000000000000CU01"}},
                "utcNow": lambda form: {"r": format_datetime(datetime.now(UTC), usegmt=True)}[form],
                "items": lambda name: self._items[name],
                "item": lambda: self._items[""],
                "outputs": self._output,
                "body": lambda name: (self._output(name) or {}).get("body"),
            },
        )

    def _output(self, name: str) -> Any:  # noqa: ANN401
        assert name in _names(self.definition["actions"]), name
        return self.actions[name].output if name in self.actions else None


def _names(actions: Json) -> set[str]:
    found = set(actions)
    for action in actions.values():
        found |= _names(action.get("actions", {})) | _names(
            action.get("else", {}).get("actions", {})
        )
    return found


def _read(content: bytes, answer: aiohttp.ClientResponse) -> Any:  # noqa: ANN401
    if not content:
        return None
    if "xml" in answer.content_type:
        return {
            "$content-type": answer.content_type,
            "$content": base64.b64encode(content).decode(),
        }
    return json.loads(content) if "json" in answer.content_type else content.decode()
