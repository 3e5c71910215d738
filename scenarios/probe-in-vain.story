While two nodes are sick, the second is not tried when what was done for the first did not help

cluster
  nodes n1 n2 n3 n4 n5
  deployment web 2 on n1
  deployment api 2 on n2
  budget web 1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 25
  recovery_timeout 20

story
  0   budget web 2 after cordon n1
  0   condition n1 KernelDeadlock
  20  condition n2 KernelDeadlock
  90  end
