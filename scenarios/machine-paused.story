A machine that a person has paused is left alone; pods of its dead node are replaced nevertheless

cluster
  machines clusterapi
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1
  node_replacement clusterapi

story
  0    pause-machine n1
  0    silence n1
  100  end
