The machine of a node stays whose volume nobody detaches, and a person is called

cluster
  machines clusterapi
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1
  recovery_timeout 60
  node_replacement clusterapi

story
  0    condition n1 KernelDeadlock
  0    attach data-1 n1
  240  end
