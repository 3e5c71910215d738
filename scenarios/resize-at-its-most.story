A memory limit that is not below the most that a policy allows is left as it is, and a person sees why

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

policy memory
  match:
    causes: [OOMKilled]
  strategies:
    resource_exhaustion:
      medium: resize
  resize:
    factor: 1.5
    max: 64Mi

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
