A Service whose pods are all on a silent node belongs to the node

cluster
  nodes n1 n2 n3
  statefulset db 2 on n1
  service db

settings
  health_check_interval 10
  deployment_check_interval 600
  pod_check_interval 600
  service_check_interval 1
  settle_period 1

story
  0   silence n1
  90  end
