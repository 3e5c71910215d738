A single replica that a disruption budget keeps is joined by one more before it leaves, and the one more is taken back

cluster
  nodes n1 n2 n3
  deployment web 1 on n1
  deployment api 2 on n1
  budget web 1
  budget api 2

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
  0   condition n1 KernelDeadlock
  70  condition n1 KernelDeadlock False
  85  end
