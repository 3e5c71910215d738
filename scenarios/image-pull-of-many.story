Pods of one workload that cannot pull its image are one trouble

cluster
  nodes n1 n2 n3
  deployment web 4 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   waits web.1 ImagePullBackOff
  0   waits web.2 ImagePullBackOff after delete web.1
  15  heal web.2
  30  end
