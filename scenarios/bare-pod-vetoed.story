A veto between deletion and creation: the pod is given back all the same

cluster
  nodes n1 n2
  pod solo on n1

settings
  settle_period 1

story
  0   cancel solo after delete solo
  0   fail solo
  20  end
