A controller that is killed in the middle of a drain evicts no pod twice

cluster
  nodes n1 n2 n3
  deployment web 5 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   kill controller after evict web.2
  0   not-ready n1
  60  end
