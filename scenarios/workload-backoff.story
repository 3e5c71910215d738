The second failing pod of a workload waits

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  settle_period 1
  workload_backoff 60

story
  0   fail web.1
  5   fail web.2
  20  end
