A node under memory pressure is told, nothing is done to it, and it ends with the pressure

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   condition n1 MemoryPressure
  20  condition n1 MemoryPressure False
  30  end
