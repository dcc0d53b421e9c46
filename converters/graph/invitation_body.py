"""The body of ``POST /invitations``. Pure. Source: "Create invitation"."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from converters.model.addresses import EmailAddress

if TYPE_CHECKING:
    from converters.model.request import MessageInfo
    from converters.policy.approval import Approval


def invitation_body(approval: Approval) -> dict[str, Any]:
    """Write the body that converts the approved user.

    The address is the directory's own, its domain as it was checked; ``invitedUser`` is what makes
    it a conversion and not a new guest.
    """
    case = approval.verdict.case
    request = case.request
    body: dict[str, Any] = {
        "invitedUser": {"id": case.user.id},
        "invitedUserEmailAddress": case.address.checked,
        "inviteRedirectUrl": request.redirect_url or case.settings.redirect_url,
        # This service's own mail goes out once the invitation is made.
        "sendInvitationMessage": request.send_invitation_message and case.settings.mail is None,
    }
    message = _message_info(request.message_info, text=case.settings.allow_custom_text)
    if message and body["sendInvitationMessage"]:
        body["invitedUserMessageInfo"] = message
    return body


def _message_info(info: MessageInfo, *, text: bool) -> dict[str, Any]:
    message: dict[str, Any] = {}
    if info.language:
        message["messageLanguage"] = info.language
    for cc in info.cc:
        name = {"name": cc.name} if cc.name else {}
        # In the form that its rule has checked, whatever the request's spelling is.
        address = EmailAddress.parse(cc.address).checked
        message.setdefault("ccRecipients", []).append(
            {"emailAddress": {"address": address, **name}}
        )
    if info.text and text:
        # The mail is HTML: a request must not be able to write markup into it (S5).
        message["customizedMessageBody"] = html.escape(info.text)
    return message
