A pod whose image cannot be pulled is restarted after two checks

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   waits web.1 ImagePullBackOff
  15  end
