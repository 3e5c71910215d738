A node that runs out of disk and of process ids is told twice, nothing is done to it, and each ends with its pressure

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   condition n1 DiskPressure
  10  condition n1 DiskPressure False
  20  condition n1 PIDPressure
  30  condition n1 PIDPressure False
  40  end
