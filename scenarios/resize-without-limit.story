A container without a memory limit is not resized

cluster
  nodes n1 n2 n3
  deployment web 2 on n1 besteffort

policy memory
  match:
    causes: [OOMKilled]
  strategies:
    resource_exhaustion:
      medium: resize
  resize:
    factor: 1.5
    max: 1Gi

settings
  health_check_interval 1
  pod_check_interval 60
  deployment_check_interval 60
  settle_period 1

story
  0   oom web.1
  5   oom web.1
  12  oom web.1
  30  end
