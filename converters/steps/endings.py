"""Reasons and warnings that no rule and no refusal gives: how a request ended otherwise. Pure."""

from __future__ import annotations

from converters.model.outcome import Owner, Reason

ANSWER_LOST = Reason(
    "answerLost",
    "Graph's answer to the invitation was lost; the directory shows that it was made.",
    "You need not do anything; that is why this outcome has no invitation.",
    Owner.OPERATOR,
)
OLDER_LINK_VOID = Reason(
    "olderLinkVoid",
    "The invitation was made anew since its redeem URL was lost; an older link no longer works.",
    "Send the person invitation.inviteRedeemUrl of this outcome, even if another one was sent.",
    Owner.REQUESTER,
)
LINK_VOIDED = Reason(
    "olderLinkVoid",
    "The invitation was made again; the link of an earlier one no longer works.",
    "Tell the person to use the newest invitation.",
    Owner.REQUESTER,
)
RESEND_UNSURE = Reason(
    "answerLost",
    "Graph's answer was lost; the invitation may have been made again or not.",
    "Ask the person whether a second mail came; if not, send another request with mode resend.",
    Owner.REQUESTER,
)
REMINDER_UNSURE = Reason(
    "answerLost",
    "Graph's answer was lost; the invitation may have been made again or not.",
    "You need not do anything: the invitation is pending, and no reminder is made twice.",
    Owner.REQUESTER,
)
NOT_PENDING = Reason(
    "noInvitationPending",
    "The user has no pending invitation that could be made again.",
    "To invite the user, send a request without mode.",
    Owner.REQUESTER,
)
OTHER_ADDRESS = Reason(
    "otherAddressInvited",
    "The pending invitation went to another address than the one that would be invited now.",
    "Put the address that was invited back on the user, or ask an administrator to invite anew.",
    Owner.IDENTITY_ADMIN,
)
URL_LOST = Reason(
    "redeemUrlLost",
    "An invitation by this request is pending, but its redeem URL was lost and none was had anew.",
    "Resend the invitation from the user's page in the Entra admin centre.",
    Owner.IDENTITY_ADMIN,
)
JUST_INVITED = Reason(
    "invitationPending",
    "The user was invited a moment ago, by request {rival}.",
    "Ask the person to redeem it; an administrator can resend it, and voids the link.",
    Owner.REQUESTER,
)
IN_PROGRESS = Reason(
    "conversionInProgress",
    "Request {rival} is converting this user right now.",
    "Wait for the outcome of that request; send this one again only if that one fails.",
    Owner.REQUESTER,
    retriable=True,
)
ID_REUSED = Reason(
    "requestIdReused",
    "Another request with other content has the same requestId.",
    "Give every request an id of its own; only an unchanged one may be sent again under its id.",
    Owner.REQUESTER,
)
GRAPH_AWAY = Reason(
    "graphUnavailable",
    "Microsoft Graph was throttling or did not answer for {hours} hours.",
    "Look at Microsoft 365's service health, then send the request again.",
    Owner.OPERATOR,
    retriable=True,
)
FAILS_ALIKE = Reason(
    "graphFailsAlike",
    "Microsoft Graph failed with the same error each time.",
    "Read Graph's code and message in graph; give its requestId to Microsoft's support.",
    Owner.OPERATOR,
    retriable=True,
)
NOT_MADE = Reason(
    "invitationNotMade",
    "Graph answered with an invitation of status {status}; the directory shows none.",
    "Send the request again; if it ends the same, give Microsoft's support graph.requestId.",
    Owner.OPERATOR,
    retriable=True,
)
STORAGE_AWAY = Reason(
    "storageUnavailable",
    "The service's storage did not answer for {hours} hours.",
    "Look at the storage account and the identity's roles there, then send the request again.",
    Owner.OPERATOR,
    retriable=True,
)
TRIES_RAN_OUT = Reason(
    "triesRanOut",
    "Every try to handle the message failed; it is kept among the dead letters.",
    "Look at the log for the cause; once that is mended, put the dead letter back into the requests"
    " queue. The user may have been invited: the directory tells.",
    Owner.OPERATOR,
    retriable=True,
)
WRONG_CLIENT_STATE = Reason(
    "eventClientStateWrong",
    "The event does not bring the client state that this service is set to ask for.",
    "Nothing is done by it. If it comes from your own subscription, make EVENTS_CLIENT_STATE the"
    " clientState that the subscription was made with.",
    Owner.OPERATOR,
)
FOREIGN_TENANT = Reason(
    "eventOfOtherTenant",
    "The event is of another tenant than this one, or does not say of which.",
    "Nothing is done by it. If it comes from your own subscription, correct TENANT_ID.",
    Owner.OPERATOR,
)
USER_DELETED = Reason(
    "userDeleted",
    "The user was deleted for good.",
    "There is nothing to convert, and nothing to do.",
    Owner.IDENTITY_ADMIN,
)
EVENT_REPEATED = Reason(
    "eventRepeated",
    "The user was looked at for this event's sake already, or is about to be for another's.",
    "You need not do anything: a look sees whatever was changed before it.",
    Owner.OPERATOR,
)
MAIL_FOUND = Reason(
    "answerLost",
    "Graph's answer to the invitation mail was lost; the mail is among the sender's sent items.",
    "You need not do anything; that is why this outcome has no invitation.",
    Owner.OPERATOR,
)
MAIL_IN_DOUBT = Reason(
    "mailInDoubt",
    "The invitation was made; its mail is not known to be sent, and is not sent twice blindly.",
    "Ask the person whether the mail came. If not, send another request with mode resend.",
    Owner.REQUESTER,
)
MAIL_NOT_SENT = Reason(
    "mailNotSent",
    "The invitation was made, and its mail was not sent: {why}.",
    "Once that is mended, send another request with mode resend. With sendInvitationMessage false,"
    " its outcome has the redeem URL for you to send.",
    Owner.OPERATOR,
)
MAIL_REFUSED = Reason(
    "mailRefused",
    "The mailbox that the invitation mails go from takes none from this service.",
    "See that MAIL_SENDER is a mailbox with room, and that the function may send from it"
    " (docs/operations.md has the commands). The request then goes on by itself.",
    Owner.OPERATOR,
    retriable=True,
)
