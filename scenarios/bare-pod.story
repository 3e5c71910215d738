A failed pod without controller is saved, deleted and created again

cluster
  nodes n1 n2
  pod solo on n1

settings
  settle_period 1

story
  0   fail solo
  15  end
