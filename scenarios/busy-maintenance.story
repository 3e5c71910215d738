A node that falls ill while somebody works on it is left to him; what was begun before stops before its next write

cluster
  nodes n1 n2 n3 n4 n5
  deployment web 2 on n1
  deployment api 2 on n2
  budget web 1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   budget web 2 after cordon n1
  0    condition n1 KernelDeadlock
  20   condition n1 DrainInProgress
  30   budget web 1
  70   end
