A pod that is not ready leaves a node although its budget is used up, as long as enough others are ready

cluster
  nodes n1 n2 n3
  deployment web 3 on n1
  budget web 2

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   exclude web.1
  0   exclude web.2
  0   unready web.3
  3   not-ready n1
  60  end
