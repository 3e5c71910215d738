A deletion that hangs is reported, and nothing is forced

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   finalizer web.1 example.com/keep
  1   delete web.1
  50  end
