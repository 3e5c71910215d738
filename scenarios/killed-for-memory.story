A pod that is killed for its memory again is told and left alone

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   oom web.1
  5   oom web.1
  15  oom web.1
  30  end
