A control-plane node is left to people

cluster
  node cp control-plane
  nodes n1 n2
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   not-ready cp
  20  end
