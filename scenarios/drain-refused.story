A drain whose pods have nowhere to go is not begun

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0    taint n2 dedicated
  0    cordon n3
  1    condition n1 KernelDeadlock
  20   end
