"""How the table is reached: with a key, a signature, or an identity's token over TLS alone."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import AccountSasPermissions, ResourceTypes, generate_account_sas
from azure.data.tables.aio import TableServiceClient

from converters.errors import LedgerUnavailable
from converters.rows import Rows
from converters.storage import EMULATED_ACCOUNT, EMULATED_KEY, Storage, table_access
from tests.certificates import tls_with
from tests.storage_service import KEY, ROW, StorageService, made

if TYPE_CHECKING:
    from pathlib import Path

    from azure.core.credentials import AccessToken


async def test_account_may_be_reached_with_a_signature(azurite: str) -> None:
    access = table_access(azurite)
    later = datetime.now(UTC) + timedelta(hours=1)
    async with TableServiceClient.from_connection_string(azurite) as tables:
        signature = generate_account_sas(
            AzureNamedKeyCredential(access.account, EMULATED_KEY),
            ResourceTypes(object=True),
            AccountSasPermissions(add=True, read=True, update=True, delete=True),
            expiry=later,
        )
        await tables.create_table("signed")
    rows = Rows(
        Storage(f"TableEndpoint={access.endpoint};SharedAccessSignature={signature}"),
        "signed",
        None,
    )
    etag, _ = await rows.insert(ROW)
    read = await rows.get("p", "r")
    assert read
    assert read.etag == etag
    await rows.close()
    unsigned = Rows(Storage(f"TableEndpoint={access.endpoint};SharedAccessSignature=x"), "a", None)
    with pytest.raises(LedgerUnavailable):
        await unsigned.get("p", "r")
    await unsigned.close()


@pytest.mark.parametrize(
    ("connection_string", "endpoint"),
    [
        (f"AccountName=store;AccountKey={KEY}", "https://store.table.core.windows.net"),
        (
            f"DefaultEndpointsProtocol=http;AccountName=s;AccountKey={KEY};EndpointSuffix=x.test;",
            "http://s.table.x.test",
        ),
        ("UseDevelopmentStorage=true", f"http://127.0.0.1:10002/{EMULATED_ACCOUNT}"),
        ("TableEndpoint=https://t.test;SharedAccessSignature=sv=1&sig=a%3D", "https://t.test"),
    ],
)
def test_connection_string_says_where_and_how(connection_string: str, endpoint: str) -> None:
    access = table_access(connection_string)
    assert access.endpoint == endpoint
    assert access.key in {b"key", b"", base64.b64decode(EMULATED_KEY)}
    assert bool(access.key) != bool(access.signature)
    shown = repr((access, Storage(connection_string)))
    assert not any(secret in shown for secret in ("sig=", KEY, "b'", EMULATED_KEY))


@pytest.mark.parametrize(
    "connection_string",
    [
        "nonsense",
        "AccountName=store",
        f"AccountKey={KEY}",
        "AccountName=store;AccountKey=not base64",
        "AccountName=store;SharedAccessSignature=x",
        "QueueEndpoint=https://q.test;SharedAccessSignature=x",
        "UseDevelopmentStorage=false",
    ],
)
def test_connection_string_that_says_too_little_is_refused(connection_string: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        table_access(connection_string)


class Credential:
    """A credential whose token must never be seen."""

    async def get_token(self, *_: str, **__: object) -> AccessToken:
        """Fail the test."""
        pytest.fail("a token was asked for, to be sent in clear")

    async def close(self) -> None:
        """Nothing to close."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return


async def test_token_is_never_sent_without_tls() -> None:
    service = StorageService(made())
    async with service.started() as endpoint:
        rows = Rows(Storage(table_service_uri=endpoint), "ledger", Credential())
        with pytest.raises(LedgerUnavailable):
            await rows.insert(ROW)
        await rows.close()
    assert service.asked == []


PROGRAM = """
import asyncio, sys
from azure.core.credentials import AccessToken
from converters.rows import Rows
from converters.storage import Storage

class Credential:
    async def get_token(self, *scopes, **_):
        print(*scopes)
        return AccessToken("the-token", 2**33)

async def main():
    rows = Rows(Storage(table_service_uri=sys.argv[1]), "ledger", Credential())
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
