A drain that a budget blocks for too long is given up: the node is given back, and a person is called

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  budget web 1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1
  recovery_timeout 5

story
  0   budget web 2 after cordon n1
  0   condition n1 KernelDeadlock
  40  end
