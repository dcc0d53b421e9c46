metadata description = 'Application permissions at Microsoft Graph for the function\'s identity. Deployable on its own, by whoever may grant them.'

extension microsoftGraphV1

@description('Required. Object id of the function\'s identity.')
param principalId string

@description('Optional. Grants User.ReadWrite.All too: only if Graph refuses conversions without it (outcome permissionMissing).')
param allowReadWriteAll bool = false

@description('Optional. Grants Policy.Read.B2BManagementPolicy too, for READ_INVITATION_DOMAINS.')
param allowInvitationDomains bool = false

@description('Optional. Grants what these steps need too: those of COMPLETION_STEPS.')
param completionSteps ('revokeSessions' | 'randomisePassword' | 'userType' | 'sponsor' | 'manager')[] = []

// Microsoft Graph itself, in every tenant.
var graphAppId = '00000003-0000-0000-c000-000000000000'

// Why each is needed: docs/security.md.
var needed = {
  'CrossTenantInformation.ReadBasic.All': 'cac88765-0581-4025-9725-5ebc13f729ee'
  'Domain.Read.All': 'dbb9058a-0e50-45d7-ae91-66909b5d4664'
  'GroupMember.Read.All': '98830695-27a2-44f7-8c18-0c3ebc9698f6'
  'IdentityProvider.Read.All': 'e321f0bb-e7f7-481e-bb28-e3b0b32d4bd0'
  'OrgContact.Read.All': 'e1a88a34-94c4-4418-be12-c87b00e26bea'
  'Policy.Read.All': '246dd0d5-5bd0-4def-940b-0421030a5b68'
  'PrivilegedEligibilitySchedule.Read.AzureADGroup': 'edb419d6-7edc-42a3-9345-509bfdf5d87c'
  'RoleEligibilitySchedule.Read.Directory': 'ff278e11-4a33-4d0c-83d2-d01dc58929a5'
  'RoleManagement.Read.Directory': '483bed4a-2ad3-4361-a73b-c83ccdbdc53c'
  'User.Invite.All': '09850681-111b-4a89-9bed-3f2cae46d706'
  'User.Read.All': 'df021288-bdef-4463-88db-98f22de89214'
}

var writesUsers = !empty(intersection(completionSteps, ['userType', 'sponsor', 'manager']))

var permissions = union(
  needed,
  allowReadWriteAll || writesUsers ? { 'User.ReadWrite.All': '741f803b-c850-494e-b5df-cde7c675a1ca' } : {},
  contains(completionSteps, 'revokeSessions')
    ? { 'User.RevokeSessions.All': '77f3a031-c388-4f99-b373-dc68676a979e' }
    : {},
  contains(completionSteps, 'randomisePassword')
    ? { 'User-PasswordProfile.ReadWrite.All': 'cc117bb9-00cf-4eb8-b580-ea2a878fe8f7' }
    : {},
  allowInvitationDomains ? { 'Policy.Read.B2BManagementPolicy': 'b41683de-870d-4462-939a-1a3d94f3accf' } : {}
)

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: graphAppId
}

resource grants 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [
  for permission in items(permissions): {
    appRoleId: permission.value
    principalId: principalId
    resourceId: graph.id
  }
]
