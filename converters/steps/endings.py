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
