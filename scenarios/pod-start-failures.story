A node on which pods of two workloads cannot start, while they start elsewhere, is drained and kept cordoned until it is replaced

cluster
  nodes n1 n2 n3
  deployment web 3 on n2
  deployment api 3 on n3

settings
  health_check_interval 5
  pod_check_interval 60
  deployment_check_interval 60
  settle_period 1

story
  0   cordon n2
  0   cordon n3
  1   delete web.1
  1   delete web.2
  1   delete api.1
  3   waits web.4 CreateContainerError
  3   waits web.5 CreateContainerError
  3   uncordon n2
  3   uncordon n3
  4   waits api.4 CreateContainerError
  40  replace n1
  60  end
