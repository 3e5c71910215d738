A controller that is killed right after it had a NodeClaim deleted goes on with the workloads

cluster
  machines karpenter
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1
  node_replacement karpenter

story
  0    silence n1
  0    kill controller after replace n1
  340  end
