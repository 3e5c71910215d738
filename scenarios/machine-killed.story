A controller that is killed right after it had a machine deleted waits for the one that comes in its place

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
  0    kill controller after replace n1
  340  end
