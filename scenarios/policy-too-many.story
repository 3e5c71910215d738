More failures at once than a policy's maxUnhealthy are held for a shared cause, until there are fewer

cluster
  nodes n1 n2 n3
  deployment web 1 on n1
  deployment api 1 on n2

policy at-most-one
  match:
    namespaces: [shop]
  budget:
    maxUnhealthy: 1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1
  paused true

story
  0   unready web.1
  0   unready api.1
  24  set paused false
  36  heal api.1
  60  end
