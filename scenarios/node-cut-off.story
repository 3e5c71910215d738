A node that answers on its port is dead only when the control plane says so too

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1

story
  0   cut-off n1
  90  end
