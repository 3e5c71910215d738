A controller that starts while a node is dead takes its silence neither for health nor for a new failure

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1

story
  0    silence n1
  70   kill controller
  150  end
