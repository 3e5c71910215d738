A pod that is ready for one second now and then counts as not ready: its good time drains what its bad time has filled

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   unready web.1
  4   heal web.1
  5   unready web.1
  9   heal web.1
  10  unready web.1
  13  heal web.1
  14  unready web.1
  24  end
