metadata description = 'Log Analytics and Application Insights, into which the function writes with its identity and no key.'

import { tagsType } from 'types.bicep'

@description('Required. Name of the workspace.')
param workspaceName string

@description('Required. Name of the Application Insights component.')
param componentName string

@description('Required. Where they live.')
param location string

@description('Required. Tags.')
param tags tagsType

@description('Required. Name of the identity that may write telemetry.')
param writerIdentityName string

@description('Required. Whether logs may be read from public networks.')
param queryFromPublicNetworks bool

@description('Required. Days that logs are kept.')
@minValue(30)
@maxValue(730)
param retentionDays int

// Monitoring Metrics Publisher.
var publisherRoleId = '3913510d-42f4-4e42-8a64-420c390055eb'

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    retentionInDays: retentionDays
    // The function's lines come in from the platform's own network.
    publicNetworkAccessForIngestion: 'Enabled'
    publicNetworkAccessForQuery: queryFromPublicNetworks ? 'Enabled' : 'Disabled'
    sku: {
      name: 'PerGB2018'
    }
    features: {
      disableLocalAuth: true
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    DisableLocalAuth: true
    WorkspaceResourceId: workspace.id
    publicNetworkAccessForIngestion: 'Enabled'
    publicNetworkAccessForQuery: queryFromPublicNetworks ? 'Enabled' : 'Disabled'
  }
}

resource writer 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: writerIdentityName
}

resource publisher 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, writer.id, publisherRoleId)
  scope: component
  properties: {
    principalId: writer.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', publisherRoleId)
  }
}
