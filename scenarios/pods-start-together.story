Pods of two workloads that take their time to start on one node are no failure of it

cluster
  nodes n1 n2 n3
  deployment web 3 on n2
  deployment api 3 on n3

settings
  health_check_interval 1
  pod_check_interval 10
  deployment_check_interval 60
  settle_period 1

story
  0   cordon n2
  0   cordon n3
  1   delete web.1
  1   delete web.2
  1   delete api.1
  2   waits web.4 ContainerCreating
  2   waits web.5 ContainerCreating
  2   waits api.4 ContainerCreating
  30  heal web.4
  30  heal web.5
  30  heal api.4
  40  end
