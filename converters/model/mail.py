"""What the writer of mails and the mailbox have in common."""

from __future__ import annotations

# By which a mail is found again among the sent items.
ID_HEADER = "X-B2B-Conversion-Id"
