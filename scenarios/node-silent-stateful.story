Of a silent node only pods that may run twice are replaced

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  statefulset db 1 on n1
  daemonset agent
  pod solo on n1

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1

story
  0   silence n1
  80  end
