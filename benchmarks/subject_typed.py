"""Measured by conversion.py: a plain typed msgraph-sdk client, the yardstick.

It does what a first script would: GET the user, look at it, POST the invitation. No checks, no
outcome, no queue.
"""

from __future__ import annotations

import time

STARTED, CPU_STARTED = time.perf_counter(), time.process_time()

import asyncio  # noqa: E402 - the clock starts before everything
import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

from kiota_abstractions.authentication import AnonymousAuthenticationProvider  # noqa: E402
from measuring import measured  # noqa: E402
from msgraph.generated.models.invitation import Invitation  # noqa: E402
from msgraph.generated.models.user import User  # noqa: E402
from msgraph.graph_request_adapter import GraphRequestAdapter  # noqa: E402
from msgraph.graph_service_client import GraphServiceClient  # noqa: E402


async def convert(client: GraphServiceClient, number: int) -> None:
    """Invite one user."""
    user = await client.users.by_user_id(f"00000000-0000-4000-8000-{number:012d}").get()
    if user is None or user.id is None:
        sys.exit("the user was not found")
    body = Invitation(
        invited_user=User(id=user.id),
        invited_user_email_address=f"user{number}@partner.example",
        invite_redirect_url="https://myapps.microsoft.com",
        send_invitation_message=True,
    )
    made = await client.invitations.post(body)
    if made is None or made.invited_user is None or made.invited_user.id != user.id:
        sys.exit("the invitation went wrong")


async def main(first: int, count: int, warm: int) -> dict[str, float]:
    """Convert one user, then many; return the figures."""
    adapter = GraphRequestAdapter(AnonymousAuthenticationProvider())
    adapter.base_url = os.environ["GRAPH_BASE_URL"] + "/v1.0"
    client = GraphServiceClient(request_adapter=adapter)
    return await measured(
        lambda number: convert(client, number), STARTED, CPU_STARTED, first, count, warm
    )


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*(int(text) for text in sys.argv[1:4])))))
