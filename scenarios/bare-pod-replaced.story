Another pod of the same name is not touched for the failure of the first

cluster
  nodes n1 n2
  pod solo on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1
  paused true

story
  0   fail solo
  5   replace solo
  10  set paused false
  20  end
