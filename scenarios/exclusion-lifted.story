A pod is healed when its opt-out is taken away

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   exclude web.1
  2   fail web.1
  10  include web.1
  25  end
