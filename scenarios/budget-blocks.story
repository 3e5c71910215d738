A drain that a disruption budget blocks is not begun, and the Recovery says which budget

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment api 1 on n1
  budget web 2

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   condition n1 KernelDeadlock
  20  end
