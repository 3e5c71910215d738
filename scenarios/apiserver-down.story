An API server that goes away in the middle of a recovery delays it, and no more

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   stop apiserver after delete web.1
  0   fail web.1
  20  start apiserver
  70  end
