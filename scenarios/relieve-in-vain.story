A node that nothing relieves is watched after its time, and ends with its pressure

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

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
  recovery_timeout 10

story
  0   condition n1 MemoryPressure
  30  condition n1 MemoryPressure False
  40  end
