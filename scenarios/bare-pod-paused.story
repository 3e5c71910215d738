Paused between deletion and creation: the pod comes back when it goes on

cluster
  nodes n1 n2
  pod solo on n1

settings
  settle_period 1

story
  0   set paused true after delete solo
  0   fail solo
  15  set paused false
  35  end
