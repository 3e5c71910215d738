A controller that is killed between the deletion of a bare pod and its creation brings the pod back once

cluster
  nodes n1 n2
  pod solo on n1

settings
  settle_period 1

story
  0   kill controller after delete solo
  0   fail solo
  50  end
