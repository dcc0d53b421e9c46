"""The policies that the infrastructure has to hold, over what the compiler foresees."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.infra.compiler import PLACE
from tests.infra.grants import held, least
from tests.infra.variants import LEAST
from tests.infra.wanted import DEFAULTS, FIXED, KINDS, SETTINGS, WANTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.infra.snapshots import Resource

# Settings that Flex Consumption refuses ("Azure Functions Flex Consumption plan hosting").
REFUSED = re.compile(
    r"\b(FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_WORKER_PROCESS_COUNT"
    r"|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT\w*"
    r"|WEBSITE_VNET_ROUTE_ALL"
    # Makes the host drop the function's lines ("OpenTelemetryConfigurationExtensions").
    r"|PYTHON_ENABLE_OPENTELEMETRY)\b"
)
# What holds a secret, or gives one out; an instrumentation key without its string is one too.
SECRET = re.compile(
    r"\blist(?:Keys?|AccountSas|ServiceSas|Secrets?|Callback\w*)\b|AccountKey=|SharedAccess\w*="
    r"|\bsig=|\bpasswords?\b|\bclientSecret\b|\bInstrumentationKey\b|@(?:sys\.)?secure\(",
    re.IGNORECASE,
)
# A declaration with the decorators above it, which may go on over indented lines.
_DECORATED = re.compile(
    r"(?P<decorators>(?:^(?:@|  |\]\)|#).*\n)*)^(?P<kind>param|output) (?P<rest>.*)$", re.MULTILINE
)


def of_sources(texts: Mapping[str, str]) -> Iterator[str]:
    """Return what breaks a policy in the texts themselves, sentence by sentence."""
    for name, text in texts.items():
        if not name.endswith(".bicep"):
            continue
        code = re.sub(r"//.*|@(?:sys\.)?description\(.*", "", text)
        yield from (f"{name}: uses {m[0]}" for m in REFUSED.finditer(code))
        yield from (f"{name}: holds a secret ({m[0]})" for m in SECRET.finditer(code))
        yield from (f"{name}: {it} is not described" for it in _undescribed(text))
        if re.search(r"^extension ", code, re.MULTILINE) and not name.startswith("graph/"):
            yield f"{name}: needs a registry"


def _undescribed(text: str) -> Iterator[str]:
    """Return what has no description that says whether it is needed ("AVM", BCPNFR)."""
    for found in _DECORATED.finditer(text):
        said = re.search(r"@description\('(.*)'\)", found["decorators"])
        rest = found["rest"]
        optional = " = " in rest or rest.endswith("?")
        words = ("Optional. ", "Conditional. ") if optional else ("Required. ",)
        if not said or (found["kind"] == "param" and not said[1].startswith(words)):
            yield rest.split()[0]


def of_deployment(resources: Sequence[Resource], parameters: Mapping[str, Any]) -> Iterator[str]:
    """Return what breaks a policy in what one deployment makes."""
    private = bool(parameters.get("privateNetwork"))
    tables = [WANTED] if {*parameters} - {*LEAST} else [WANTED, DEFAULTS]
    for resource in resources:
        for table in tables:
            yield from _of_resource(resource, table.get(resource.kind, {}), private=private)
        yield from _of_settings(resource)
        yield from _of_network(resource)
        yield from _of_callers(resource)
    yield from _counts(resources)
    yield from _twice(resources)
    needed, granted = least(resources, parameters), held(resources)
    yield from (f"granted, and not needed: {grant}" for grant in granted if grant not in needed)
    yield from (f"needed, and not granted: {grant}" for grant in needed if grant not in granted)


def _of_resource(resource: Resource, wanted: Mapping[str, Any], *, private: bool) -> Iterator[str]:
    for path, either in wanted.items():
        expected = either[private] if isinstance(either, tuple) else either
        if resource.at(path) != expected:
            yield f"{resource.kind}: {path} is {resource.at(path)}, not {expected}"


def _of_settings(resource: Resource) -> Iterator[str]:
    if resource.kind != "Microsoft.Web/sites/config":
        return
    if resource.name != "appsettings":
        yield f"{resource.name} is not appsettings"
    settings = resource.body["properties"]
    for name, wanted in {**SETTINGS, **FIXED}.items():
        if not re.fullmatch(wanted, str(settings.get(name))):
            yield f"setting {name} is {settings.get(name)}"
    yield from (f"setting {name} is refused" for name in settings if REFUSED.search(name))


def _of_network(resource: Resource) -> Iterator[str]:
    """Return what is open: a subnet without rules, or whose way out is left to a default."""
    for subnet in resource.at("properties.subnets") or []:
        has = subnet["properties"]
        if "networkSecurityGroup" not in has:
            yield f"subnet {subnet['name']} has no network security group"
        ways_out = [bool(has.get("natGateway")), has.get("defaultOutboundAccess")]
        if subnet["name"] == "app" and sorted(map(str, ways_out)) != ["False", "True"]:
            yield f"subnet {subnet['name']} has no one way out"
        if subnet["name"] == "endpoints" and has.get("defaultOutboundAccess") is not False:
            yield "subnet endpoints has a way out"


def _of_callers(resource: Resource) -> Iterator[str]:
    """Return what lets somebody call a Logic App who has no token of this tenant's."""
    if resource.kind != "Microsoft.Logic/workflows":
        return
    name, triggers = resource.name, resource.at("properties.definition.triggers").values()
    if {trigger["type"] for trigger in triggers} == {"Recurrence"}:
        return
    control = resource.at("properties.accessControl.triggers") or {}
    if control.get("sasAuthenticationPolicy", {}).get("state") != "Disabled":
        yield f"{name} can be called by whoever knows its URL"
    policies = control.get("openAuthenticationPolicies", {}).get("policies", {})
    if not policies:
        yield f"{name} asks for no token"
    for each in policies.values():
        claims = {claim["name"]: claim["value"] for claim in each["claims"]}
        if claims.get("iss") != f"https://sts.windows.net/{PLACE['tenantId']}/":
            yield f"{name} takes tokens of another issuer"
        needed = ["aud", "appid"] + (["m", "u", "p"] if each["type"] == "AADPOP" else [])
        yield from (f"{name}: any {claim} will do" for claim in needed if not claims.get(claim))
        if each["type"] == "AADPOP" and claims.get("p") != resource.id:
            yield f"{name} takes a proof for another Logic App"


def _counts(resources: Sequence[Resource]) -> Iterator[str]:
    made = Counter(resource.kind for resource in resources)
    yield from (f"nobody expects a {kind}" for kind in sorted({*made} - {*KINDS}))
    yield from (f"{made[it]} of {it}" for it, most in KINDS.items() if most and made[it] > most)


def _twice(resources: Sequence[Resource]) -> Iterator[str]:
    """Return what what-if cannot see, or would make twice: an id must be known and its own."""
    ids = Counter(resource.id for resource in resources)
    yield from (f"{it} is made {count} times" for it, count in ids.items() if count > 1)
    yield from (
        f"what-if cannot show {resource.id}"
        for resource in resources
        if resource.kind == "Microsoft.Authorization/roleAssignments"
        and not re.fullmatch(r"[0-9a-f-]{36}", resource.name)
    )
