A node with a kernel deadlock is drained, and stays cordoned until the deadlock is gone

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   condition n1 KernelDeadlock
  30  condition n1 KernelDeadlock False
  45  end
