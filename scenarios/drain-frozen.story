A leader that is frozen for longer than its Lease does nothing twice when it wakes

cluster
  nodes n1 n2 n3
  deployment web 5 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   freeze controller 25 after evict web.2
  0   not-ready n1
  75  end
