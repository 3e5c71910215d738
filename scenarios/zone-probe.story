Of two sick nodes of a zone one is tried at a time, although the cluster would allow both

cluster
  node a1 zone a
  node a2 zone a
  node a3 zone a
  node a4 zone a
  node b1 zone b
  node b2 zone b
  node b3 zone b
  node b4 zone b
  deployment web 2 on a1
  deployment api 2 on a2
  budget web 1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1
  node_concurrency 25%

story
  0   budget web 2 after cordon a1
  0   condition a1 KernelDeadlock
  20  condition a2 KernelDeadlock
  34  end
