A pod that no node takes is told, and ends when one does

cluster
  nodes n1 n2
  deployment web 1 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   cordon n1
  0   cordon n2
  1   delete web.1
  20  uncordon n2
  35  end
