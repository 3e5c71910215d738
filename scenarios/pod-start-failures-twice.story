A node that was emptied because pods did not start on it counts as sick for as long as it is kept from pods

cluster
  nodes n1 n2 n3
  deployment web 3 on n2
  deployment api 3 on n3
  deployment img 3 on n3

settings
  health_check_interval 5
  pod_check_interval 60
  deployment_check_interval 60
  settle_period 1
  max_unhealthy_nodes 1

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
  15  cordon n3
  16  delete api.2
  16  delete img.1
  16  delete img.2
  18  waits api.6 CreateContainerError
  18  waits img.4 CreateContainerError
  18  waits img.5 CreateContainerError
  18  uncordon n3
  45  end
