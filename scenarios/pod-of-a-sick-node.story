A pod that cannot start on a sick node is part of the node's trouble

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
  8   waits web.1 ErrImagePull
  25  end
