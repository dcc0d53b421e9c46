"""A letter: what a mail to one invited person is made of."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Letter:
    """What one mail says, and to whom. All of it may be hostile: the writer makes it harmless.

    What is personal, or a credential, is left out of its ``repr``: texts end in logs.

    Attributes:
        conversion_id: by which the mail is found again; stands in ``X-B2B-Conversion-Id``.
        to: the address that was invited, and by which the person is to sign in.
        to_name: the person's name; ``None`` where it is not known.
        cc: further readers' addresses, any number.
        language: a language tag (BCP 47) as the request asked for it.
        redeem_url: where the invitation is accepted: an https URL and a credential.
        redirect_url: where the person arrives afterwards.
        tenant_id: the inviting tenant's id.
        text: a note of the requester's, plain text; already allowed by the operator.
        reminder: whether an earlier mail said the same.
    """

    conversion_id: str
    to: str = field(repr=False)
    to_name: str | None = field(repr=False)
    cc: tuple[str, ...] = field(repr=False)
    language: str | None
    redeem_url: str = field(repr=False)
    redirect_url: str
    tenant_id: str
    text: str | None = field(repr=False)
    reminder: bool
