Pods that hold state leave one by one, after the others; pods of a DaemonSet and what is excluded stay

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  statefulset db 2 on n1
  deployment keep 1 on n1
  daemonset agent

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   exclude keep
  2   condition n1 KernelDeadlock
  40  end
