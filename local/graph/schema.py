"""The names that Graph's v1.0 metadata gives to what the emulator answers.

A test holds these lists against the published metadata, so nothing here is invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.graph.errors import unknown_property

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A JSON object as Graph writes one; what its names may hold is Graph's affair.
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EntityType:
    """One type of the metadata.

    Attributes:
        name: without its namespace.
        scalars, collections: its structural properties, inherited ones too.
        shown: what is answered where ``$select`` is absent.
        expandable: what ``$expand`` may name.
    """

    name: str
    scalars: frozenset[str]
    collections: frozenset[str]
    shown: tuple[str, ...]
    expandable: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Every structural property."""
        return self.scalars | self.collections

    def chosen(self, select: str) -> list[str]:
        """Return the names in a ``$select``.

        Raises:
            GraphError: 400, naming one that the type does not have.
        """
        names = [name.strip() for name in select.split(",")]
        for name in names:
            if name not in self.scalars and name not in self.collections:
                raise unknown_property(name, self.name)
        return names

    def projected(self, item: Mapping[str, Any], names: Iterable[str]) -> Json:
        """Return an object with these names alone, as empty as Graph leaves what is not set."""
        return {
            name: item.get(name) if name in self.scalars else item.get(name) or [] for name in names
        }


def _type(
    name: str, scalars: str, collections: str = "", shown: str = "", expandable: str = ""
) -> EntityType:
    known = (*scalars.split(), *collections.split())
    return EntityType(
        name,
        frozenset(scalars.split()),
        frozenset(collections.split()),
        tuple(shown.split()) or known,
        frozenset(expandable.split()),
    )


USER = _type(
    "user",
    """id deletedDateTime aboutMe accountEnabled ageGroup authorizationInfo birthday city
    companyName consentProvidedForMinor country createdDateTime creationType
    customSecurityAttributes department deviceEnrollmentLimit displayName employeeHireDate
    employeeId employeeLeaveDateTime employeeOrgData employeeType externalUserState
    externalUserStateChangeDateTime faxNumber givenName hireDate identityParentId
    isManagementRestricted isResourceAccount jobTitle lastPasswordChangeDateTime
    legalAgeGroupClassification mail mailboxSettings mailNickname mobilePhone mySite
    officeLocation onPremisesDistinguishedName onPremisesDomainName
    onPremisesExtensionAttributes onPremisesImmutableId onPremisesLastSyncDateTime
    onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncEnabled
    onPremisesUserPrincipalName passwordPolicies passwordProfile postalCode
    preferredDataLocation preferredLanguage preferredName print securityIdentifier
    showInAddressList signInActivity signInSessionsValidFromDateTime state streetAddress surname
    usageLocation userPrincipalName userType""",
    """assignedLicenses assignedPlans businessPhones identities imAddresses interests
    licenseAssignmentStates onPremisesProvisioningErrors otherMails pastProjects
    provisionedPlans proxyAddresses responsibilities schools serviceProvisioningErrors skills""",
    # "Get a user": only this small set comes unless $select asks for more.
    """businessPhones displayName givenName jobTitle mail mobilePhone officeLocation
    preferredLanguage surname userPrincipalName id""",
)
GROUP = _type(
    "group",
    """id deletedDateTime accessType allowExternalSenders autoSubscribeNewMembers classification
    createdDateTime description displayName expirationDateTime hasMembersWithLicenseErrors
    hideFromAddressLists hideFromOutlookClients isArchived isAssignableToRole isFavorite
    isManagementRestricted isSubscribedByMail licenseProcessingState mail mailEnabled
    mailNickname membershipRule membershipRuleProcessingState onPremisesDomainName
    onPremisesExtensionAttributes onPremisesLastSyncDateTime onPremisesNetBiosName
    onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncEnabled organizationId
    preferredDataLocation preferredLanguage renewedDateTime securityEnabled securityIdentifier
    theme uniqueName unseenConversationsCount unseenCount unseenMessagesCount visibility
    welcomeMessageEnabled""",
    """assignedLabels assignedLicenses groupTypes infoCatalogs onPremisesProvisioningErrors
    proxyAddresses resourceBehaviorOptions resourceProvisioningOptions
    serviceProvisioningErrors""",
    """id deletedDateTime classification createdDateTime description displayName groupTypes
    isAssignableToRole mail mailEnabled mailNickname onPremisesSyncEnabled proxyAddresses
    securityEnabled visibility""",
)
DIRECTORY_ROLE = _type("directoryRole", "id deletedDateTime description displayName roleTemplateId")
ORG_CONTACT = _type(
    "orgContact",
    """id deletedDateTime companyName department displayName givenName jobTitle mail mailNickname
    onPremisesLastSyncDateTime onPremisesSyncEnabled surname""",
    "addresses onPremisesProvisioningErrors phones proxyAddresses serviceProvisioningErrors",
)
DOMAIN = _type(
    "domain",
    """id authenticationType availabilityStatus isAdminManaged isDefault isInitial isRoot
    isVerified manufacturer model passwordNotificationWindowInDays passwordValidityPeriodInDays
    state""",
    "supportedServices",
)
ORGANIZATION = _type(
    "organization",
    """id deletedDateTime city country countryLetterCode createdDateTime defaultUsageLocation
    displayName mobileDeviceManagementAuthority onPremisesLastSyncDateTime onPremisesSyncEnabled
    partnerTenantType postalCode preferredLanguage privacyProfile state street tenantType""",
    """assignedPlans businessPhones marketingNotificationEmails provisionedPlans
    securityComplianceNotificationMails securityComplianceNotificationPhones
    technicalNotificationMails verifiedDomains""",
)
FEDERATION = _type(
    "samlOrWsFedExternalDomainFederation",
    """id displayName issuerUri metadataExchangeUri passiveSignInUri
    preferredAuthenticationProtocol signingCertificate""",
    # A contained navigation property, which Graph's own example shows without $expand.
    "domains",
    expandable="domains",
)
TENANT_INFORMATION = _type(
    "tenantInformation", "tenantId displayName defaultDomainName federationBrandName"
)
AUTHORIZATION_POLICY = _type(
    "authorizationPolicy",
    """id deletedDateTime description displayName allowedToSignUpEmailBasedSubscriptions
    allowedToUseSSPR allowEmailVerifiedUsersToJoinOrganization allowInvitesFrom
    allowUserConsentForRiskyApps blockMsolPowerShell defaultUserRolePermissions
    guestUserRoleId""",
)
_CROSS_TENANT = """b2bCollaborationInbound b2bCollaborationOutbound b2bDirectConnectInbound
    b2bDirectConnectOutbound inboundTrust tenantRestrictions automaticUserConsentSettings"""
PARTNER = _type(
    "crossTenantAccessPolicyConfigurationPartner",
    f"tenantId isServiceProvider isInMultiTenantOrganization {_CROSS_TENANT}",
)
PARTNER_DEFAULT = _type(
    "crossTenantAccessPolicyConfigurationDefault", f"isServiceDefault {_CROSS_TENANT}"
)
ROLE_ELIGIBILITY = _type(
    "unifiedRoleEligibilityScheduleInstance",
    """id principalId roleDefinitionId directoryScopeId appScopeId startDateTime endDateTime
    memberType roleEligibilityScheduleId""",
)
ROLE_ASSIGNMENT = _type(
    "unifiedRoleAssignment", "id principalId roleDefinitionId directoryScopeId appScopeId condition"
)
ROLE_DEFINITION = _type(
    "unifiedRoleDefinition",
    "id description displayName isBuiltIn isEnabled templateId version",
    "resourceScopes rolePermissions",
)
GROUP_ELIGIBILITY = _type(
    "privilegedAccessGroupEligibilityScheduleInstance",
    """id principalId groupId accessId memberType eligibilityScheduleId startDateTime
    endDateTime""",
)
# Beta alone has this one ("List b2bManagementPolicy objects").
B2B_MANAGEMENT_POLICY = _type(
    "b2bManagementPolicy",
    "id deletedDateTime description displayName isOrganizationDefault",
    "definition",
)
INVITATION = _type(
    "invitation",
    """id inviteRedeemUrl invitedUserDisplayName invitedUserType invitedUserEmailAddress
    sendInvitationMessage resetRedemption inviteRedirectUrl status invitedUserMessageInfo
    invitedUser""",
    "invitedUserSponsors",
)
