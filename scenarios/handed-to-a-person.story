A workload that was handed to a person is left alone

cluster
  nodes n1 n2
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1
  recovery_timeout 5
  workload_backoff 0

story
  0   cordon n1
  0   cordon n2
  2   fail web.1
  25  fail web.2
  40  end
