A drain begins when the disruption budget lets it

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
  6   budget web 1
  40  condition n1 KernelDeadlock False
  55  end
