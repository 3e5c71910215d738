After an outage of the API server in which no heartbeat was stored, no node is taken for dead

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1

story
  1    stop apiserver
  100  start apiserver
  200  end
