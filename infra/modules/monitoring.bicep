metadata description = 'Log Analytics and Application Insights, into which the function writes with its identity and no key.'

@description('Required. Name of the workspace.')
param workspaceName string

@description('Required. Name of the Application Insights component.')
param componentName string

@description('Required. Where they live.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Object id of the identity that may write telemetry.')
param writerPrincipalId string

@description('Optional. Days that logs are kept.')
@minValue(30)
@maxValue(730)
param retentionDays int = 90

// Monitoring Metrics Publisher.
var publisherRoleId = '3913510d-42f4-4e42-8a64-420c390055eb'

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    retentionInDays: retentionDays
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
  }
}

resource publisher 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, writerPrincipalId, publisherRoleId)
  scope: component
  properties: {
    principalId: writerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', publisherRoleId)
  }
}

@description('Resource id of the workspace.')
output workspaceResourceId string = workspace.id

@description('Connection string of the component: an address, no key is accepted with it.')
output connectionString string = component.properties.ConnectionString
