"""The policies that the infrastructure has to hold, over what a deployment would make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.infra.bicep import MAIN, parse
from tests.infra.deployment import deploy
from tests.infra.grants import least
from tests.infra.wanted import FIXED, KINDS, SETTINGS, WANTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.infra.bicep import Declaration, File
    from tests.infra.deployment import Deployment, Resource

# Settings that Flex Consumption refuses ("Azure Functions Flex Consumption plan hosting").
REFUSED = re.compile(
    r"\b(FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_WORKER_PROCESS_COUNT"
    r"|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT\w*"
    r"|WEBSITE_VNET_ROUTE_ALL)\b"
)
# What holds a secret, or gives one out; an instrumentation key without its string is one too.
SECRET = re.compile(
    r"\blist(?:Keys?|AccountSas|ServiceSas|Secrets?|Callback\w*)\b|AccountKey=|SharedAccess\w*="
    r"|\bsig=|\bpasswords?\b|\bclientSecret\b|\bInstrumentationKey\b",
    re.IGNORECASE,
)
LEAST: dict[str, Any] = {"environmentName": "pilot", "allowedEmailDomains": "partner.example"}
FULL: dict[str, Any] = {
    **LEAST,
    "privateNetwork": True,
    "partnerTopicName": "topic",
    "senderPrincipalIds": ["sender-1", "sender-2"],
    "receiverPrincipalIds": ["receiver-1"],
    "alertEmailAddresses": ["on-call@contoso.example"],
    # An operator's settings turn no connection elsewhere.
    "operatorSettings": {"DAILY_LIMIT": "200", **dict.fromkeys(SETTINGS, "elsewhere")},
}


def problems(texts: Mapping[str, str]) -> list[str]:
    """Return what breaks a policy, sentence by sentence.

    Args:
        texts: the files by path.
    """
    found = []
    for name, text in texts.items():
        if not name.endswith(".bicep"):
            continue
        file = parse(text)
        found += [f"{name}: does not parse at {line}" for line in file.broken]
        found += [f"{name}: {one.name} is not described" for one in _undescribed(file)]
        code = re.sub(r"//.*|@(?:sys\.)?description\(.*", "", text)
        found += [f"{name}: uses {m[0]}" for m in REFUSED.finditer(code)]
        found += [f"{name}: holds a secret ({m[0]})" for m in SECRET.finditer(code)]
        if "extension " in code and not name.startswith("graph/"):
            found.append(f"{name}: needs a registry")
    for parameters in (LEAST, FULL):
        try:
            deployment = deploy(texts, MAIN, parameters)
        except (NotImplementedError, LookupError) as error:
            return [*found, f"cannot be evaluated: {error!r}"]
        found += of_deployment(deployment, parameters)
    return found


def _undescribed(file: File) -> Iterator[Declaration]:
    """Return what has no description that says whether it is needed ("AVM", BCPNFR)."""
    for one in file.of("parameter"):
        words = ("Optional. ", "Conditional. ") if one.value else ("Required. ", "Conditional. ")
        if not one.description.startswith(words):
            yield one
    yield from (one for one in file.of("output") if not one.description)


def of_deployment(deployment: Deployment, parameters: Mapping[str, Any]) -> Iterator[str]:
    """Return what breaks a policy in what one deployment makes."""
    private = bool(parameters.get("privateNetwork"))
    yield from (f"declared as a secret: {secret}" for secret in deployment.secrets)
    for resource in deployment.resources:
        yield from _of_resource(resource, private=private)
    yield from _counts(deployment.resources)
    wanted, held = least(deployment.resources, parameters), sorted(_held(deployment.resources))
    yield from (f"granted, and not needed: {grant}" for grant in held if grant not in wanted)
    yield from (f"needed, and not granted: {grant}" for grant in wanted if grant not in held)


def _of_resource(resource: Resource, *, private: bool) -> Iterator[str]:
    for path, wanted in WANTED.get(resource.kind, {}).items():
        value: Any = resource.body
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        expected = wanted[private] if isinstance(wanted, tuple) else wanted
        if value != expected:
            yield f"{resource.kind}: {path} is {value}, not {expected}"
    if resource.kind == "Microsoft.Web/sites/config":
        settings = resource.body["properties"]
        for name, wanted in {**SETTINGS, **FIXED}.items():
            if not re.fullmatch(wanted, str(settings.get(name))):
                yield f"setting {name} is {settings.get(name)}"
        yield from (f"setting {name} is refused" for name in settings if REFUSED.search(name))


def _counts(resources: list[Resource]) -> Iterator[str]:
    made = [resource.kind for resource in resources]
    yield from (f"nobody expects a {kind}" for kind in sorted({*made} - {*KINDS}))
    for kind, most in KINDS.items():
        if most and made.count(kind) > most:
            yield f"{made.count(kind)} of {kind}"


def _held(resources: list[Resource]) -> Iterator[tuple[str, str, str]]:
    for resource in resources:
        if resource.kind == "Microsoft.Authorization/roleAssignments":
            properties = resource.body["properties"]
            role = properties["roleDefinitionId"].rpartition("/")[2]
            yield properties["principalId"], role, resource.scope
