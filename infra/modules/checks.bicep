metadata description = 'Parameters that exclude one another, or that Azure would refuse half-way: refused before anything is made.'

// Where an instance count below 40 can be had.
var regionsWithFewInstances = ['australiaeast', 'westeurope', 'westus2']

@export()
@description('Returns the most instances of each function, or fails.')
func checkedInstances(maximum int, region string) int =>
  maximum < 40 && !contains(regionsWithFewInstances, region)
    ? fail('maximumInstanceCount must be at least 40 in ${region}; fewer are possible in ${join(regionsWithFewInstances, ', ')}.')
    : maximum

@export()
@description('Returns how many instances are kept running, or fails.')
func checkedReady(ready int, maximum int, zoneRedundant bool) int =>
  ready > maximum
    ? fail('alwaysReadyInstances must not be more than maximumInstanceCount.')
    : zoneRedundant && ready == 1 ? fail('alwaysReadyInstances must be 0, or at least 2 with zoneRedundant.') : ready

@export()
@description('Returns whether storage is closed to public networks, or fails.')
func checkedPrivate(private bool, withEvents bool, withConnectors bool) bool =>
  private && withConnectors
    ? fail('privateNetwork excludes lifecycleConnector and httpConnector: a Logic App on Consumption cannot reach a closed network.')
    : private && withEvents
        ? fail('privateNetwork and partnerTopicName exclude one another: Event Grid cannot deliver into a closed network by the identity that a partner topic has.')
        : private
