A failure that goes away before anything was done is told as such

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1
  paused true

story
  0   crash-loop web.1 9
  5   heal web.1
  15  end
