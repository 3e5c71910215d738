A pod that a disruption budget keeps stays on a node under pressure, and the others go

cluster
  nodes n1 n2 n3
  deployment batch 1 on n1 besteffort
  deployment other 1 on n1 besteffort
  budget batch 1

policy pressure
  match:
    types: [resource_exhaustion]
  strategies:
    resource_exhaustion:
      medium: relieve

settings
  health_check_interval 1
  pod_check_interval 60
  deployment_check_interval 60
  settle_period 1

story
  0   cordon n1
  2   condition n1 MemoryPressure
  30  condition n1 MemoryPressure False
  40  end
