A node that the cluster autoscaler may remove one day is nobody's yet

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0    taint n1 DeletionCandidateOfClusterAutoscaler
  1    condition n1 KernelDeadlock
  30   end
