A pod whose containers are not created on its node is restarted after ten checks

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   waits web.1 ContainerCreating
  25  end
