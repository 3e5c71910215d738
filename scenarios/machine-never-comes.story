When no machine comes in place of one that was deleted, a person is called and no other is deleted

cluster
  machines clusterapi
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1
  node_replacement clusterapi
  recovery_timeout 200

story
  0    provider removes
  0    silence n1
  340  end
