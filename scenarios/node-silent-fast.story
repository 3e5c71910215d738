With a check every ten seconds a silent node is acted on after its Lease has run out

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1

story
  0   silence n1
  80  end
