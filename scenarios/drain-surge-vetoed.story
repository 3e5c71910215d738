A veto takes back the one more of a drain, and the pod stays

cluster
  nodes n1 n2 n3
  deployment web 1 on n1
  budget web 1

policy joins
  match:
    types: [node_failure]
  drain:
    surge: true

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   cancel n1 after scale web
  0   condition n1 KernelDeadlock
  40  end
