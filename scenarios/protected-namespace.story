A protected namespace is observed and never acted on

cluster
  nodes n1 n2
  deployment kube-system/dns 2 on n1

settings
  settle_period 1

story
  0   fail kube-system/dns.1
  15  end
