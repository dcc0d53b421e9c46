"""Remedies that several rules share."""

# "Invite internal users to B2B collaboration" (2020), for each of its three exceptions.
DELETE_AND_INVITE = "Delete the internal account and invite the person anew."
