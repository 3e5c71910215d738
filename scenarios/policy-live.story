A policy applies as soon as it is there, stops what it finds under way, and ends with its deletion

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment api 1 on n1
  budget web 1

policy freeze 2
  match:
    types: [node_failure]
  mode: Observe

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   budget web 2 after cordon n1
  0   condition n1 KernelDeadlock
  8   apply freeze 2
  10  budget web 1
  20  withdraw freeze
  35  end
