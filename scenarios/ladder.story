What does not help is followed by the next strategy, and in the end by a person

cluster
  nodes n1 n2
  deployment web 2 on n1

settings
  health_check_interval 1
  pod_check_interval 60
  deployment_check_interval 60
  settle_period 1
  recovery_timeout 10

story
  0   cordon n1
  0   cordon n2
  2   fail web.1
  45  end
