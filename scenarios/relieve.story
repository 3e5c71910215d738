A node under memory pressure loses pods that ask for no memory, one after the other, while it lasts

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment batch 2 on n1 besteffort
  daemonset agent

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
