What has ended on a node under pressure is cleared away first, whatever presses; a Job keeps its own, and nothing that runs goes for a disk

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment batch 2 on n1 besteffort
  job once 1 on n1

policy pressure
  match:
    types: [resource_exhaustion]
  strategies:
    resource_exhaustion:
      medium: relieve

policy ended
  match:
    types: [pod_failure]
  mode: Observe

settings
  health_check_interval 1
  pod_check_interval 60
  deployment_check_interval 60
  settle_period 1

story
  0   cordon n1
  0   fail web.1
  0   fail once.1
  5   condition n1 DiskPressure
  20  condition n1 DiskPressure False
  30  end
