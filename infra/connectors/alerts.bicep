metadata description = 'An alert for each Logic App of a connector that fails: requests were not enqueued, or outcomes not told.'

import { tagsType } from '../modules/types.bicep'

@description('Required. Name of the Logic App that takes requests.')
param requestsName string

@description('Required. Name of the Logic App that tells outcomes.')
param resultsName string

@description('Required. Tags.')
param tags tagsType

@description('Required. Name of the action group that is told.')
param actionGroupName string

// A run that tells outcomes goes on after one that it cannot tell: its failed action says so.
var watched = [
  { workflow: requestsName, metric: 'RunsFailed' }
  { workflow: resultsName, metric: 'ActionsFailed' }
]

resource group 'Microsoft.Insights/actionGroups@2023-01-01' existing = {
  name: actionGroupName
}

resource rules 'Microsoft.Insights/metricAlerts@2026-01-01' = [
  for each in watched: {
    name: '${each.workflow}-fails'
    location: 'global'
    tags: tags
    properties: {
      description: 'A connector fails: docs/operations.md, "b2b-…-fails".'
      severity: 2
      enabled: true
      autoMitigate: true
      evaluationFrequency: 'PT15M'
      windowSize: 'PT15M'
      scopes: [resourceId('Microsoft.Logic/workflows', each.workflow)]
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: 'fails'
            metricName: each.metric
            operator: 'GreaterThan'
            threshold: 0
            timeAggregation: 'Total'
          }
        ]
      }
      actions: [
        {
          actionGroupId: group.id
        }
      ]
    }
  }
]
