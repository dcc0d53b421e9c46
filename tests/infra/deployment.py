"""What a deployment would make: Bicep files evaluated, with modules, loops and conditions.

Stands in for the compiler's ``snapshot``: the policies look at what comes out, whichever way it was
written.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.infra.bicep import Declaration, declared, parse
from tests.infra.expressions import Expressions, member
from tests.infra.functions import GROUP, Known, functions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource.

    Attributes:
        kind: its type, without the version.
        id: its resource id.
        body: everything that is said of it.
        scope: the id of what it is an extension of, such as what a role is granted on.
    """

    kind: str
    id: str
    body: Mapping[str, Any]
    scope: str = GROUP

    def of(self, name: str) -> Any:  # noqa: ANN401 - any value of Bicep
        """Return a property, as an expression would read it."""
        if name in {"id", "type"}:
            return {"id": self.id, "type": self.kind}[name]
        return self.body.get(name, Known(f"{self.id}.{name}"))


@dataclass(frozen=True, slots=True)
class Module:
    """What a module gave."""

    outputs: Mapping[str, Any]

    def of(self, name: str) -> Any:  # noqa: ANN401 - any value of Bicep
        """Return what an expression may read: the outputs."""
        return {"outputs": self.outputs}[name]


class Properties(dict[str, Any]):
    """A resource's properties; those that nobody sets are known once it is deployed."""

    def __init__(self, owner: str, set_here: Mapping[str, Any]) -> None:
        super().__init__(set_here)
        self._owner = owner

    def __missing__(self, name: str) -> Known:
        return Known(f"{self._owner}.properties.{name}")


@dataclass(slots=True)
class Deployment:
    """Everything that one deployment makes.

    Attributes:
        resources: in the order in which they were met.
        outputs: of the main file.
        secrets: names of parameters and outputs that are declared as secrets.
    """

    resources: list[Resource] = field(default_factory=list)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)


def deploy(
    files: Mapping[str, str],
    name: str,
    parameters: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
) -> Deployment:
    """Evaluate a file and all that it deploys.

    Args:
        files: texts by path.
        name: the file to deploy.
        parameters: values by name; defaults hold for the others.
        environment: variables that parameter files may read.

    Raises:
        NotImplementedError: something that this does not know.
        LookupError: a name that nothing declares, or a parameter without value.
    """
    deployment = Deployment()
    scope = _Scope(files, name, parameters, deployment, environment or {})
    deployment.outputs = scope.run()
    return deployment


def parameters_of(files: Mapping[str, str], name: str, environment: Mapping[str, str]) -> Any:  # noqa: ANN401
    """Return what a parameter file sets, by name."""
    scope = _Scope(files, name, {}, Deployment(), environment)
    return {one.name: scope.value_of(one.name) for one in parse(files[name]).of("parameter")}


class _Scope:
    """A file being evaluated; symbols are evaluated when they are first asked for."""

    def __init__(
        self,
        files: Mapping[str, str],
        name: str,
        parameters: Mapping[str, Any],
        deployment: Deployment,
        environment: Mapping[str, str],
    ) -> None:
        self._files, self._name, self._environment = files, name, environment
        self._parameters, self._deployment = parameters, deployment
        self._expressions = Expressions(self.value_of, functions(files, environment))
        file = parse(files[name])
        self._outputs = file.of("output")
        self._symbols = {one.name: one for one in file.declarations if one.kind != "output"}
        self._values: dict[str, Any] = {}
        unknown = set(parameters) - {one.name for one in file.of("parameter")}
        if unknown:
            msg = f"{name} has no parameter {unknown}"
            raise LookupError(msg)
        secrets = [one.name for one in file.declarations if one.secure]
        deployment.secrets += [f"{name}: {secret}" for secret in secrets]

    def run(self) -> dict[str, Any]:
        """Evaluate every symbol; return the outputs."""
        for name in self._symbols:
            self.value_of(name)
        return {
            one.name: self._expressions.value(one.value, {}) for one in self._outputs if one.value
        }

    def value_of(self, name: str) -> Any:  # noqa: ANN401 - any value of Bicep
        if name not in self._values:
            self._values[name] = self._symbol(self._symbols[name])
        return self._values[name]

    def _symbol(self, one: Declaration) -> Any:  # noqa: ANN401 - any value of Bicep
        match one.kind:
            case "parameter" if one.name in self._parameters:
                return self._parameters[one.name]
            case "resource":
                return self._made(one.value, {}, functools.partial(self._resource, one))
            case "module":
                return self._made(one.value, {}, functools.partial(self._module, one))
            case _ if one.value:
                return self._expressions.value(one.value, {})
            case _:
                # A parameter that may be null.
                return None

    def _made(
        self, node: Node | None, here: Mapping[str, Any], make: Callable[[Node, Any], Any]
    ) -> Any:  # noqa: ANN401 - one, several or none
        """Make what a body describes: once, once for each of a loop, or not at all."""
        if node is None or node.type == "object":
            return make(node, here) if node else None
        if node.type == "if_statement":
            condition, body = node.named_children
            return (
                self._made(body, here, make) if self._expressions.value(condition, here) else None
            )
        return [
            self._made(body, inner, make) for body, inner in self._expressions.turns(node, here)
        ]

    def _module(self, one: Declaration, node: Node, here: Mapping[str, Any]) -> Module:
        body = self._expressions.value(node, here)
        name = one.target if "/" not in self._name else f"modules/{one.target}"
        inner = _Scope(
            self._files, name, body.get("params", {}), self._deployment, self._environment
        )
        return Module(inner.run())

    def _resource(
        self, one: Declaration, node: Node, here: Mapping[str, Any], above: Resource | None = None
    ) -> Resource:
        body = self._expressions.value(node, here)
        parent = body.pop("parent", above)
        kind, _, _ = one.target.partition("@")
        if parent and not kind.startswith(parent.kind):
            kind = f"{parent.kind}/{kind}"
        own, named = kind.rpartition("/")[2], body.get("name", body.get("appId", ""))
        root = f"{parent.id}/{own}" if parent else f"{GROUP}/providers/{kind}"
        scope = body.pop("scope", None)
        own_id = f"{root}/{named}"
        body["properties"] = Properties(own_id, body.get("properties", {}))
        made = Resource(kind, own_id, body, member(scope, "id") if scope else GROUP)
        if not one.existing:
            self._deployment.resources.append(made)
        for child in declared(node):
            make = functools.partial(self._resource, child, above=made)
            self._values[f"{one.name}::{child.name}"] = self._made(child.value, here, make)
        return made
