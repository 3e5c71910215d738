The machine of a dead node is replaced, and its Recovery is verified by the node that comes

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
  0    silence n1
  340  end
