The machine of a node with a problem is replaced when its pods run elsewhere

cluster
  machines clusterapi
  nodes n1 n2 n3
  deployment web 2 on n1
  statefulset db 1 on n1

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1
  node_replacement clusterapi

story
  0    condition n1 KernelDeadlock
  340  end
