A pod that has ended and that a finalizer keeps does not hold up a drain, and nobody takes its finalizer away

not on bare: its kubelets do not end pods that a finalizer keeps
not on real: its fake kubelets do not end pods that a finalizer keeps

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  pod_check_interval 600
  deployment_check_interval 600
  settle_period 1

story
  0    finalizer web.1 example.com/keep
  1    condition n1 KernelDeadlock
  45   end
