A pod that restarted five times and is down is restarted at once

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  settle_period 1

story
  0   crash-loop web.1 5
  15  end
