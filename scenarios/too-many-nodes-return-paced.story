Most nodes fall silent at once and return at once: one message, no node is written to, and what failed there is restarted at the rate's pace

cluster
  nodes n1 n2 n3 n4 n5
  deployment web 2 on n1
  deployment api 2 on n2
  deployment cart 2 on n3

settings
  health_check_interval 10
  deployment_check_interval 60
  recoveries_per_minute 2

story
  0    silence n1
  0    silence n2
  0    silence n3
  110  return n1
  110  return n2
  110  return n3
  125  fail web.1
  127  fail api.1
  129  fail cart.1
  150  end
