When every node falls silent at once and their ports still answer, the network is at fault, and nothing is done

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 10
  deployment_check_interval 60

story
  0    cut-off n1
  0    cut-off n2
  0    cut-off n3
  150  end
