Observe decides and records, and writes nothing else

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1
  mode Observe

story
  0   fail web.1
  0   condition n2 KernelDeadlock
  15  end
