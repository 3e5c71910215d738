A workload that fails again and again is taken more seriously each time

cluster
  nodes n1 n2
  deployment web 1 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1
  workload_backoff 0

story
  0   fail web.1
  6   fail web.2
  12  fail web.3
  18  fail web.4
  24  fail web.5
  35  end
