"""Faults planted into what a deployment would make, and into the sources; and the complaint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.infra.grants import ROLES
from tests.infra.variants import PILOT

if TYPE_CHECKING:
    from collections.abc import Callable

    Body = dict[str, Any]

_STORAGE, _SITE = "Microsoft.Storage/storageAccounts", "Microsoft.Web/sites"
_ROLE, _NETWORK = "Microsoft.Authorization/roleAssignments", "Microsoft.Network/virtualNetworks"
_INSIGHTS, _CONFIG = "Microsoft.Insights", "Microsoft.Web/sites/config"
_LOGIC, _TRIGGERS = "Microsoft.Logic/workflows", "properties.accessControl.triggers"
_EVENTS = "Microsoft.EventGrid/partnerTopics/eventSubscriptions"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        kind: the type of the resource.
        change: changes its body in place; returns another id, where that is the fault. None takes
            the resource away.
        complaint: a part of what a policy says.
        deployment: which one.
        id: a part of the resource's id.
        body: a part of its body, written out.
        more: whether the changed one comes beside the sound one.
    """

    kind: str
    change: Callable[[Body], str | None] | None
    complaint: str
    deployment: str = PILOT
    id: str = ""
    body: str = ""
    more: bool = False


def puts(path: str, *, to: Any) -> Callable[[Body], None]:  # noqa: ANN401 - any value of Bicep
    """Return a change that puts a value at a path of names with dots."""

    def change(body: Body) -> None:
        *steps, last = path.split(".")
        for step in steps:
            body = body.setdefault(step, {})
        body[last] = to

    return change


def drops(path: str) -> Callable[[Body], None]:
    """Return a change that takes away what is at a path."""

    def change(body: Body) -> None:
        *steps, last = path.split(".")
        for step in steps:
            body = body[step]
        del body[last]

    return change


def other_id(new: str) -> Callable[[Body], str]:
    """Return a change of the id alone."""
    return lambda _: new


def subnet(place: int, change: Callable[[Body], None]) -> Callable[[Body], None]:
    """Return a change of one subnet."""
    return lambda body: change(body["properties"]["subnets"][place]["properties"])


def _claim(place: int, to: str) -> Callable[[Body], None]:
    """Return a change of one claim that the lifecycle connector's caller has to have."""

    def change(body: Body) -> None:
        control = body["properties"]["accessControl"]["triggers"]["openAuthenticationPolicies"]
        (policy,) = control["policies"].values()
        policy["claims"][place]["value"] = to

    return change


def _role(name: str) -> Callable[[Body], None]:
    return puts("properties.roleDefinitionId", to=f"/roleDefinitions/{ROLES[name]}")


def _property(kind: str, name: str, *, to: Any) -> Fault:  # noqa: ANN401 - any value of Bicep
    return Fault(kind, puts(f"properties.{name}", to=to), f"{name} is {to}")


def _setting(name: str, value: str, complaint: str) -> Fault:
    return Fault(_CONFIG, puts(f"properties.{name}", to=value), complaint)


DEPLOYED = [
    # Storage: a key, a public door, an old protocol.
    _property(_STORAGE, "allowSharedKeyAccess", to=True),
    Fault(_STORAGE, drops("properties.allowSharedKeyAccess"), "allowSharedKeyAccess is None"),
    _property(_STORAGE, "allowBlobPublicAccess", to=True),
    _property(_STORAGE, "minimumTlsVersion", to="TLS1_0"),
    _property(_STORAGE, "supportsHttpsTrafficOnly", to=False),
    Fault(
        _STORAGE, puts("properties.publicNetworkAccess", to="Enabled"),
        "publicNetworkAccess is Enabled", "private",
    ),
    Fault(
        _STORAGE, puts("properties.networkAcls.defaultAction", to="Allow"),
        "defaultAction is Allow", "hub",
    ),
    Fault(_STORAGE, puts("properties.networkAcls.bypass", to="AzureServices"), "bypass is Azure"),
    Fault(_STORAGE, puts("sku.name", to="Standard_LRS"), "sku.name is Standard_LRS"),
    Fault(_STORAGE, other_id("/other"), "2 of Microsoft.Storage/storageAccounts", more=True),
    Fault(_STORAGE, lambda _: None, "is made 2 times", more=True),
    _property(f"{_STORAGE}/blobServices/containers", "publicAccess", to="Blob"),
    _property(f"{_STORAGE}/blobServices", "deleteRetentionPolicy.enabled", to=False),
    _property(f"{_STORAGE}/queueServices", "cors", to={"corsRules": []}),
    # The app and its telemetry.
    _property(f"{_INSIGHTS}/components", "DisableLocalAuth", to=False),
    _property("Microsoft.OperationalInsights/workspaces", "features.disableLocalAuth", to=False),
    Fault(
        f"{_INSIGHTS}/scheduledQueryRules", drops("properties.skipQueryValidation"),
        "skipQueryValidation is None",
    ),
    _property(_SITE, "httpsOnly", to=False),
    _property(_SITE, "functionAppConfig.runtime.version", to="3.9"),
    _property(_SITE, "siteConfig.minTlsVersion", to="1.0"),
    _property(_SITE, "functionAppConfig.scaleAndConcurrency.maximumInstanceCount", to=1),
    Fault(_SITE, puts("identity.type", to="SystemAssigned"), "identity.type is SystemAssigned"),
    _property(
        _SITE, "functionAppConfig.deployment.storage.authentication.type",
        to="StorageAccountConnectionString",
    ),
    _property(f"{_SITE}/basicPublishingCredentialsPolicies", "allow", to=True),
    Fault("Microsoft.Web/serverfarms", puts("sku.name", to="EP1"), "sku.name is EP1"),
    # Settings.
    _setting("AzureWebJobsStorage__credential", "connectionstring", "Storage__credential is conn"),
    _setting("AzureWebJobsStorage__accountName", "", "accountName is"),
    _setting("AzureWebJobsStorage", "", "setting AzureWebJobsStorage is"),
    _setting("CONVERSION_STORAGE", "AccountName=a", "setting CONVERSION_STORAGE is Account"),
    _setting("CONVERSION_STORAGE__queueServiceUri", "elsewhere", "queueServiceUri is elsewhere"),
    _setting("GRAPH_BASE_URL", "https://x", "BASE_URL is https://x"),
    _setting("FUNCTIONS_WORKER_RUNTIME", "python", "FUNCTIONS_WORKER_RUNTIME is refused"),
    _setting("ENABLE_ORYX_BUILD", "true", "ENABLE_ORYX_BUILD is refused"),
    _setting("PYTHON_ENABLE_OPENTELEMETRY", "true", "OPENTELEMETRY is refused"),
    Fault(
        _CONFIG, puts("properties.APPLICATIONINSIGHTS_AUTHENTICATION_STRING", to="ClientId=a"),
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING is ClientId=a",
    ),
    # Grants: another role, a wider scope, another's, a further one, none; a name that hides it.
    Fault(_ROLE, _role("Storage Queue Data Contributor"), "not needed", id="conversion-results/"),
    Fault(
        _ROLE, puts("properties.principalId", to="somebody"), "not needed: ('somebody",
        id="queues/conversion-requests/",
    ),
    Fault(
        _ROLE, _role("Storage Queue Data Message Sender"), "not needed: ('receiver-1",
        "full", "conversion-results/", "receiver-1",
    ),
    Fault(
        _ROLE, _role("Storage Queue Data Contributor"), "not needed: ('sender-1",
        "full", "conversion-requests/", "sender-1",
    ),
    Fault(
        _ROLE, other_id(f"/group/providers/{_ROLE}/00000000-0000-4000-8000-000000000000"),
        "granted, and not needed", more=True,
    ),
    Fault(_ROLE, None, "needed, and not granted", id="storageAccounts"),
    Fault(_ROLE, None, "needed, and not granted", id="components"),
    Fault(_ROLE, puts("name", to="[guid(reference('x').principalId)]"), "what-if cannot show"),
    # Networks.
    Fault(_NETWORK, subnet(0, drops("networkSecurityGroup")), "subnet app has no network", "hub"),
    Fault(_NETWORK, subnet(1, drops("networkSecurityGroup")), "endpoints has no net", "private"),
    Fault(_NETWORK, subnet(0, puts("natGateway", to=None)), "no one way out", "hub"),
    Fault(_NETWORK, subnet(0, drops("defaultOutboundAccess")), "no one way", "private"),
    Fault(_NETWORK, subnet(1, puts("defaultOutboundAccess", to=True)), "has a way out", "hub"),
    Fault(
        "Microsoft.Network/privateDnsZones", other_id("/zone"), "4 of Microsoft.Network/privateDns",
        "private", more=True,
    ),
    # Events.
    Fault(
        _EVENTS, drops("properties.deadLetterWithResourceIdentity"), "endpointType is None", "full",
    ),
    Fault(
        _EVENTS, puts("properties.deliveryWithResourceIdentity.identity.type", to="SystemAssigned"),
        "identity.type is SystemAssigned", "full",
    ),
    Fault(
        _EVENTS, puts("properties.filter.includedEventTypes", to=["Microsoft.Graph.UserUpdated"]),
        "includedEventTypes", "full",
    ),
    # Connectors: a caller without a token, anybody's token, another's proof; run contents.
    Fault(
        _LOGIC, drops(f"{_TRIGGERS}.sasAuthenticationPolicy"),
        "called by whoever knows its URL", "full", "lifecycle-requests",
    ),
    Fault(
        _LOGIC, puts(f"{_TRIGGERS}.sasAuthenticationPolicy.state", to="Enabled"),
        "called by whoever knows its URL", "full", "http-requests",
    ),
    Fault(
        _LOGIC, puts(f"{_TRIGGERS}.openAuthenticationPolicies.policies", to={}),
        "asks for no token", "full", "http-requests",
    ),
    *(
        Fault(_LOGIC, _claim(place, to), complaint, "full", "lifecycle-requests")
        for place, to, complaint in (
            (0, "https://sts.windows.net/other/", "another issuer"), (1, "", "any aud will do"),
            (2, "", "any appid will do"), (3, "", "any m will do"), (4, "", "any u will do"),
            (5, "/other", "a proof for another Logic App"),
        )
    ),
    Fault(
        _LOGIC, drops("properties.accessControl.contents"), "allowedCallerIpAddresses is None",
        "full", "http-results",
    ),
    Fault(_LOGIC, puts("identity.type", to="UserAssigned"), "identity.type is User", "full"),
    Fault(
        _ROLE, _role("Storage Queue Data Contributor"), "granted, and not needed", "full",
        "conversion-results-lifecycle/", "lifecycle-results",
    ),
    Fault(
        _ROLE, other_id(f"/other/providers/{_ROLE}/00000000-0000-4000-8000-000000000000"),
        "granted, and not needed", "full", "connectorcallbacks",
    ),
    # Anything else.
    Fault(_SITE, puts("type", to="Microsoft.Compute/disks"), "nobody expects a", more=True),
]  # fmt: skip

TEXTS = [
    ("main.bicep", "= name\\n", "= account.listKeys().keys[0].value\n", "secret (listKeys)"),
    (
        "modules/function.bicep", "properties.ConnectionString", "properties.InstrumentationKey",
        "holds a secret",
    ),
    (
        "modules/function.bicep", "AZURE_CLIENT_ID: ",
        "CONVERSION_STORAGE: 'AccountName=a;AccountKey=b'\n A: ", "AccountKey=",
    ),
    ("main.bicep", "@minLength\\(1\\)\n", "@secure()\n", "holds a secret (@secure()"),
    (
        "modules/function.bicep", "AZURE_CLIENT_ID: ", "FUNCTIONS_WORKER_RUNTIME: 'python'\n A: ",
        "uses FUNCTIONS_WORKER_RUNTIME",
    ),
    (
        "modules/storage.bicep", "Required. Name of the account.", "Optional. Name.",
        "name is not described",
    ),
    (
        "modules/storage.bicep", "@description\\('Required. Name of the account.'\\)\n", "",
        "name is not described",
    ),
    (
        "main.bicep", "Optional. What those principals are.", "Required. What.",
        "principalType is not described",
    ),
    (
        "main.bicep", "@description\\('Name of the storage account.'\\)\n", "",
        "storageAccountName is not described",
    ),
    ("main.bicep", "targetScope", "extension microsoftGraphV1\n\ntargetScope", "needs a registry"),
]  # fmt: skip
