A sick node that Karpenter is about to remove is left to it, and healed when Karpenter has given it up

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0    taint n1 karpenter.sh/disrupted
  1    not-ready n1
  20   untaint n1 karpenter.sh/disrupted
  45   return n1
  60   end
