What was observed is healed when the mode changes

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  settle_period 1
  mode Observe

story
  0   fail web.1
  10  set mode Enforce
  25  end
