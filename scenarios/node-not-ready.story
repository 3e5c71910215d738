A node that says it is not ready is emptied by eviction and given back

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   not-ready n1
  30  end
