"""The policies that the infrastructure has to hold; each finds what breaks it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.infra.bicep import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.infra.bicep import Bicep

Files = dict[str, "Bicep"]
# Settings that Flex Consumption refuses ("Azure Functions Flex Consumption plan hosting").
REFUSED = re.compile(
    r"\b(FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_WORKER_PROCESS_COUNT"
    r"|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT\w*"
    r"|WEBSITE_VNET_ROUTE_ALL)\b"
)
SECRET = re.compile(
    r"listKeys|listAccountSas|AccountKey=|SharedAccessSignature|\bpassword\b", re.IGNORECASE
)
# Roles that let a principal do more than this product needs, on anything.
BROAD = re.compile(r"\bOwner\b|'Contributor'|User Access Administrator|AccountContributor")


def problems(texts: Mapping[str, str]) -> list[str]:
    """Return what breaks a policy, sentence by sentence."""
    files = {name: parse(text) for name, text in texts.items()}
    found = [
        f"{name}: {kind}: {problem}"
        for name, file in files.items()
        for kind, bodies in file.resources.items()
        for body in bodies
        for problem in _of_resource(kind, body)
    ]
    for name, text in texts.items():
        code = re.sub(r"//.*|@(?:sys\.)?description\(.*", "", text)
        found += [f"{name}: uses {m[0]}" for m in REFUSED.finditer(code)]
        found += [f"{name}: holds a secret ({m[0]})" for m in SECRET.finditer(code)]
        found += [f"{name}: grants {m[0]}" for m in BROAD.finditer(code)]
    return found + list(_grants(files["main.bicep"]))


def _of_resource(kind: str, body: Any) -> Iterator[str]:  # noqa: ANN401 - any value of Bicep
    properties = body.get("properties", {}) if isinstance(body, dict) else {}
    if isinstance(properties, dict) and "name" in body:
        for path, wanted in WANTED.get(kind, {}).items():
            value: Any = properties
            for step in path.split("."):
                value = value.get(step) if isinstance(value, dict) else None
            # An existing resource has a name and no properties.
            if properties and value != wanted:
                yield f"{path} is {value}, not {wanted}"


WANTED: dict[str, dict[str, str]] = {
    "Microsoft.Storage/storageAccounts": {
        "allowSharedKeyAccess": "false",
        "allowBlobPublicAccess": "false",
        "defaultToOAuthAuthentication": "true",
        "minimumTlsVersion": "TLS1_2",
        "supportsHttpsTrafficOnly": "true",
        "publicNetworkAccess": "publicNetwork ? 'Enabled' : 'Disabled'",
    },
    "Microsoft.Storage/storageAccounts/blobServices/containers": {"publicAccess": "None"},
    "Microsoft.Insights/components": {"DisableLocalAuth": "true"},
    "Microsoft.OperationalInsights/workspaces": {"features.disableLocalAuth": "true"},
    "Microsoft.Web/sites": {
        "httpsOnly": "true",
        "siteConfig.minTlsVersion": "1.2",
        "siteConfig.ftpsState": "Disabled",
        "functionAppConfig.runtime.name": "python",
        "functionAppConfig.runtime.version": "3.13",
        "functionAppConfig.deployment.storage.authentication.type": "UserAssignedIdentity",
    },
}

_SENDER, _PROCESSOR = "StorageQueueDataMessageSender", "StorageQueueDataMessageProcessor"
LEAST: dict[tuple[str, str], set[str]] = {
    ("account", ""): {"StorageBlobDataOwner"},
    ("queue", "queues.requests"): {"StorageQueueDataContributor"},
    ("queue", "poisonQueue"): {"StorageQueueDataContributor"},
    ("queue", "queues.results"): {_SENDER, "StorageQueueDataReader"},
    ("queue", "queues.quota"): {"StorageQueueDataContributor"},
    ("queue", "queues.deadLetters"): {_SENDER, "StorageQueueDataReader"},
    ("queue", "queues.redemptionChecks"): {"StorageQueueDataContributor"},
    ("table", "table"): {"StorageTableDataContributor"},
}


def _grants(main: Bicep) -> Iterator[str]:
    held: dict[tuple[str, str], set[str]] = {}
    for grant in main.variables["functionGrants"]:
        held.setdefault((grant["kind"], grant["name"]), set()).add(grant["role"])
    if held != LEAST:
        yield f"main.bicep: the function holds {held}"
    others = main.variables["grants"]
    for principals, role, queue in (
        ("senderPrincipalIds", _SENDER, "queues.requests"),
        ("receiverPrincipalIds", _PROCESSOR, "queues.results"),
    ):
        found = re.search(rf"map\({principals}, id => \{{(.*?)\n  \}}\)", others, re.DOTALL)
        text = found[1] if found else ""
        if re.findall(r"role: '(\w+)'", text) != [role] or f"name: {queue} " not in text:
            yield f"main.bicep: {principals} get more or less than {role} on {queue}"
