"""The infrastructure holds its policies, and each policy notices what breaks it."""

from __future__ import annotations

import pytest

from tests.infra.bicep import load
from tests.infra.policies import problems

STORAGE, MAIN, FUNCTION = "modules/storage.bicep", "main.bicep", "modules/function.bicep"


def test_infrastructure_holds_every_policy() -> None:
    assert problems(load()) == []


@pytest.mark.parametrize(
    ("file", "sound", "planted", "complaint"),
    [
        (STORAGE, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "allowSharedKey"),
        (STORAGE, "    allowSharedKeyAccess: false\n", "", "allowSharedKeyAccess is None"),
        (STORAGE, "allowBlobPublicAccess: false", "allowBlobPublicAccess: true", "allowBlobPublic"),
        (STORAGE, "publicAccess: 'None'", "publicAccess: 'Blob'", "publicAccess is Blob"),
        (STORAGE, "'TLS1_2'", "'TLS1_0'", "minimumTlsVersion is TLS1_0"),
        (STORAGE, "publicNetwork ? 'Enabled' : 'Disabled'", "'Enabled'", "publicNetworkAccess"),
        (
            STORAGE,
            "output name string = account.name",
            "output key string = account.listKeys().keys[0].value",
            "secret (listKeys)",
        ),
        (
            "modules/monitoring.bicep",
            "DisableLocalAuth: true",
            "DisableLocalAuth: false",
            "DisableLocalAuth is false",
        ),
        (FUNCTION, "httpsOnly: true", "httpsOnly: false", "httpsOnly is false"),
        (FUNCTION, "version: '3.13'", "version: '3.9'", "runtime.version is 3.9"),
        (
            FUNCTION,
            "AZURE_CLIENT_ID: identityClientId",
            "FUNCTIONS_WORKER_RUNTIME: 'python'",
            "uses FUNCTIONS_WORKER_RUNTIME",
        ),
        (
            FUNCTION,
            "CONVERSION_STORAGE__credential: 'managedidentity'",
            "CONVERSION_STORAGE: 'AccountName=a;AccountKey=b'",
            "holds a secret (AccountKey=)",
        ),
        (
            MAIN,
            "{ role: 'StorageQueueDataMessageSender', kind: 'queue', name: queues.results }",
            "{ role: 'StorageQueueDataContributor', kind: 'queue', name: queues.results }",
            "the function holds",
        ),
        (
            MAIN,
            "{ role: 'StorageTableDataContributor', kind: 'table', name: table }",
            "{ role: 'StorageTableDataContributor', kind: 'account', name: '' }",
            "the function holds",
        ),
        (
            MAIN,
            "role: 'StorageQueueDataMessageProcessor'",
            "role: 'StorageQueueDataContributor'",
            "receiverPrincipalIds get more",
        ),
        (
            MAIN,
            "'StorageQueueDataMessageSender'\n    scope: { kind: 'queue', name: queues.requests }",
            "'StorageQueueDataMessageSender'\n    scope: { kind: 'account', name: '' }",
            "senderPrincipalIds get more",
        ),
        (
            "modules/roles.bicep",
            "var roleIds = {",
            "var owner = 'Owner'\nvar roleIds = {",
            "grants Owner",
        ),
    ],
)
def test_planted_fault_is_found(file: str, sound: str, planted: str, complaint: str) -> None:
    texts = load()
    assert texts[file].count(sound) >= 1
    texts[file] = texts[file].replace(sound, planted, 1)
    assert any(complaint in problem for problem in problems(texts))
