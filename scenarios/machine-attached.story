The machine of a drained node goes when its volumes are detached

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
  0    attach data-1 n1
  0    attach data-2 n2
  80   detach data-1
  380  end
