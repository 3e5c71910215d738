Pods of two workloads that start on one node at the same time are no failure of it

cluster
  nodes n1 n2 n3
  deployment web 3 on n2
  deployment api 3 on n3

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   cordon n2
  0   cordon n3
  1   delete web.1
  1   delete web.2
  1   delete api.1
  20  end
