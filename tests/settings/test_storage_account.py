"""How the table is reached: with a key, a signature, or an identity's token over TLS alone."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.utils import parse_connection_string
from azure.data.tables import AccountSasPermissions, ResourceTypes, generate_account_sas
from azure.data.tables.aio import TableServiceClient

from converters.model.errors import LedgerUnavailable, SettingsInvalid
from converters.settings.storage_account import Storage
from converters.storage.clock import ServiceClock
from converters.storage.queues import Queue
from converters.storage.table import Rows
from local.storage import EMULATED_ACCOUNT, EMULATED_KEY
from tests.certificates import tls_with
from tests.samples import settings
from tests.storage_service import KEY, ROW, StorageService, made

if TYPE_CHECKING:
    from pathlib import Path


# The library looks so at an answer in XML, as a refused signature is.
@pytest.mark.filterwarnings("ignore:Testing an element's truth value:DeprecationWarning")
async def test_account_may_be_reached_with_a_signature(azurite: str) -> None:
    endpoint = parse_connection_string(azurite)["tableendpoint"]
    later = datetime.now(UTC) + timedelta(hours=1)
    async with TableServiceClient.from_connection_string(azurite) as tables:
        signature = generate_account_sas(
            AzureNamedKeyCredential(EMULATED_ACCOUNT, EMULATED_KEY),
            ResourceTypes(object=True),
            AccountSasPermissions(add=True, read=True, update=True, delete=True),
            expiry=later,
        )
        await tables.create_table("signed")
    rows = Rows(
        Storage(f"TableEndpoint={endpoint};SharedAccessSignature={signature}"),
        "signed",
        None,
        ServiceClock(),
    )
    etag, _ = await rows.insert(ROW)
    read = await rows.get("p", "r")
    assert read
    assert read.etag == etag
    await rows.close()
    unsigned = Rows(
        Storage(f"TableEndpoint={endpoint};SharedAccessSignature=x"), "away", None, ServiceClock()
    )
    with pytest.raises(LedgerUnavailable):
        await unsigned.get("p", "r")
    await unsigned.close()


@pytest.mark.parametrize(
    "connection_string",
    [
        f"AccountName=store;AccountKey={KEY}",
        f"DefaultEndpointsProtocol=http;AccountName=s;AccountKey={KEY};EndpointSuffix=x.test;",
        "UseDevelopmentStorage=true",
        "QueueEndpoint=https://q.test;TableEndpoint=https://t.test;SharedAccessSignature=sig=a%3D",
    ],
)
async def test_connection_string_that_is_accepted_reaches_queues_and_tables(
    connection_string: str,
) -> None:
    accepted = settings(CONVERSION_STORAGE=connection_string).storage
    assert not any(secret in repr(accepted) for secret in ("sig=", KEY))
    rows, queue = Rows(accepted, "ledger", None, ServiceClock()), Queue(accepted, "queue", None)
    await rows.close()
    await queue.close()


@pytest.mark.parametrize(
    "connection_string",
    [
        "nonsense",
        "AccountName=store",
        f"AccountKey={KEY}",
        f"AccountName=;AccountKey={KEY}",
        "AccountName=store;AccountKey=not base64",
        "AccountName=store;AccountKey=ab!cd",
        "AccountName=store;SharedAccessSignature=x",
        "QueueEndpoint=https://q.test;SharedAccessSignature=x",
        "TableEndpoint=https://t.test;SharedAccessSignature=x",
        "QueueEndpoint=https://q.test;TableEndpoint=https://t.test",
        "UseDevelopmentStorage=false",
    ],
)
def test_connection_string_that_says_too_little_is_refused(connection_string: str) -> None:
    with pytest.raises(SettingsInvalid, match="CONVERSION_STORAGE") as caught:
        settings(CONVERSION_STORAGE=connection_string)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("service", ["queue", "table"])
def test_one_service_without_the_other_is_not_enough(service: str) -> None:
    uri = {f"CONVERSION_STORAGE__{service}ServiceUri": "https://x.test"}
    with pytest.raises(SettingsInvalid, match="is missing"):
        settings(**uri | {"CONVERSION_STORAGE": ""})


def test_uri_ends_without_a_slash() -> None:
    uris = {
        f"CONVERSION_STORAGE__{name}ServiceUri": "https://x.test/box/"
        for name in ("queue", "table")
    }
    storage = settings(**uris | {"CONVERSION_STORAGE": ""}).storage
    assert storage == Storage(None, "https://x.test/box", "https://x.test/box")


@pytest.mark.parametrize("service", ["queue", "table"])
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:10002/a", "http://store.test", "ftp://x"])
def test_token_is_never_sent_without_tls(service: str, endpoint: str) -> None:
    uris = {
        f"CONVERSION_STORAGE__{name}ServiceUri": "https://x.test" for name in ("queue", "table")
    }
    name = f"CONVERSION_STORAGE__{service}ServiceUri"
    with pytest.raises(SettingsInvalid, match=f"{name} must be an https URL"):
        settings(**uris | {"CONVERSION_STORAGE": "", name: endpoint})


PROGRAM = """
import asyncio, sys
from azure.core.credentials import AccessToken
from converters.storage.clock import ServiceClock
from converters.storage.table import Rows
from converters.settings.storage_account import Storage

class Credential:
    async def get_token(self, *scopes, **_):
        print(*scopes)
        return AccessToken("the-token", 2**33)

async def main():
    rows = Rows(Storage(table_service_uri=sys.argv[1]), "ledger", Credential(), ServiceClock())
    for key in "pq":
        print(await rows.insert({"PartitionKey": key, "RowKey": "r"}))
    await rows.close()

asyncio.run(main())
"""


async def test_identity_is_asked_once_for_a_token_that_storage_takes(tmp_path: Path) -> None:
    certificate = tmp_path / "certificate.pem"
    service = StorageService(made(), made())
    async with service.started(tls_with(certificate)) as endpoint:
        # Trust is read when the process starts.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM, endpoint),
            env=os.environ | {"SSL_CERT_FILE": str(certificate)},
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate()
    scope, *inserted = printed.decode().splitlines()
    assert (scope, inserted) == ("https://storage.azure.com/.default", ["('made', None)"] * 2)
    assert {asked.headers["Authorization"] for asked in service.asked} == {"Bearer the-token"}
