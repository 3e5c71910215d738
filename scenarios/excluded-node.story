A node with an opt-out is left alone

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   exclude n1
  2   condition n1 KernelDeadlock
  15  end
