"""Properties that Graph's API has and a request here has not, with the reason. Pure.

The names are those of Graph's metadata (``$metadata`` of v1.0); a test holds them equal.
"""

from __future__ import annotations

_LEFT = "has no effect here: a conversion leaves the user's type and name as they are"
_GRAPHS = "is Graph's to say, in the outcome's invitation"
_USER = "has no effect here: of the user only id or userPrincipalName is looked at"
_USER_NAMES = """
    aboutMe accountEnabled activities adhocCalls ageGroup agreementAcceptances
    appRoleAssignments assignedLicenses assignedPlans authentication authorizationInfo birthday
    businessPhones calendar calendarGroups calendars calendarView chats city cloudClipboard
    cloudPCs companyName consentProvidedForMinor contactFolders contacts country createdDateTime
    createdObjects creationType customSecurityAttributes dataSecurityAndGovernance
    deletedDateTime department deviceEnrollmentLimit deviceManagementTroubleshootingEvents
    directReports displayName drive drives employeeExperience employeeHireDate employeeId
    employeeLeaveDateTime employeeOrgData employeeType events extensions externalUserState
    externalUserStateChangeDateTime faxNumber followedSites givenName hireDate identities
    identityParentId imAddresses inferenceClassification insights interests
    isManagementRestricted isResourceAccount jobTitle joinedTeams lastPasswordChangeDateTime
    legalAgeGroupClassification licenseAssignmentStates licenseDetails mail mailboxSettings
    mailFolders mailNickname managedAppRegistrations managedDevices manager memberOf messages
    mobilePhone mySite oauth2PermissionGrants officeLocation onenote onlineMeetings
    onPremisesDistinguishedName onPremisesDomainName onPremisesExtensionAttributes
    onPremisesImmutableId onPremisesLastSyncDateTime onPremisesProvisioningErrors
    onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncBehavior
    onPremisesSyncEnabled onPremisesUserPrincipalName otherMails outlook ownedDevices
    ownedObjects passwordPolicies passwordProfile pastProjects people permissionGrants photo
    photos planner postalCode preferredDataLocation preferredLanguage preferredName presence
    print provisionedPlans proxyAddresses registeredDevices responsibilities schools
    scopedRoleMemberOf securityIdentifier serviceProvisioningErrors settings showInAddressList
    signInActivity signInSessionsValidFromDateTime skills solutions sponsorOf sponsors state
    streetAddress surname teamwork todo transitiveMemberOf usageLocation userType
"""
# By the path of the object that they stand in.
UNUSED: dict[str, dict[str, str]] = {
    "": {
        "id": f"{_GRAPHS}; requestId is the request's own id, and invitedUser.id the user's",
        "status": _GRAPHS,
        "inviteRedeemUrl": _GRAPHS,
        "invitedUserType": f"{_LEFT}; completion.userType changes the type once redeemed",
        "invitedUserDisplayName": _LEFT,
        "invitedUserSponsors": "has no effect here: completion.sponsor sets one, once redeemed",
        "resetRedemption": "is for guests who redeem again: another operation than a conversion",
    },
    "invitedUser": dict.fromkeys(
        _USER_NAMES.split(),
        _USER,
    ),
}
