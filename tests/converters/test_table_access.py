"""How the table is reached: with a key, a signature, or an identity's token over TLS alone."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import os
import ssl
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import AccountSasPermissions, ResourceTypes, generate_account_sas
from azure.data.tables.aio import TableServiceClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from converters.errors import LedgerUnavailable
from converters.rows import Rows
from converters.storage import EMULATED_ACCOUNT, EMULATED_KEY, Storage, table_access
from tests.table_service import KEY, ROW, TableService, made

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
    service = TableService(made())
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
    service = TableService(made(), made())
    async with service.started(_tls(certificate)) as endpoint:
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


def _tls(certificate: Path) -> ssl.SSLContext:
    """Make a certificate for loopback; write it to a file, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    host = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(host, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context
