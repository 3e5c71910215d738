A node that is relieved by the first pod that goes keeps the others

cluster
  nodes n1 n2 n3
  deployment rest 2 on n1 besteffort
  deployment batch 1 on n1 besteffort

policy pressure
  match:
    types: [resource_exhaustion]
  strategies:
    resource_exhaustion:
      medium: relieve

settings
  health_check_interval 5
  pod_check_interval 60
  deployment_check_interval 60
  settle_period 1

story
  0   cordon n1
  0   condition n1 MemoryPressure
  0   condition n1 MemoryPressure False after evict batch.1
  40  end
