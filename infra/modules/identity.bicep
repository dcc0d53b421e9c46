metadata description = 'The identity that the function runs as, at storage, at telemetry and at Microsoft Graph.'

@description('Required. Name of the identity.')
param name string

@description('Required. Where it lives.')
param location string

@description('Required. Tags.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id of the identity.')
output resourceId string = identity.id

@description('Object id of its service principal.')
output principalId string = identity.properties.principalId

@description('Its client id.')
output clientId string = identity.properties.clientId
