While no machine has come in place of one that was deleted, no other one of its pool is deleted

cluster
  machines clusterapi
  nodes n1 n2 n3 n4
  deployment web 2 on n3

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1
  node_replacement clusterapi
  recovery_timeout 200

story
  0    provider removes
  0    silence n1
  260  silence n2
  350  end
