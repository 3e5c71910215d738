The last node that is well is never touched

cluster
  nodes n1 n2
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1
  max_unhealthy_nodes 100%

story
  0   not-ready n2
  1   not-ready n1
  20  end
