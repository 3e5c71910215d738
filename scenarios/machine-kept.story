The machine of a node that lives is not replaced while a pod that nobody may move is on it

cluster
  machines clusterapi
  nodes n1 n2 n3
  deployment web 1 on n1
  deployment keep 1 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1
  node_replacement clusterapi

story
  0    exclude keep
  1    condition n1 KernelDeadlock
  60   end
