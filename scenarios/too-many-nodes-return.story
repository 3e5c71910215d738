Three of five nodes fall silent at once and return one after the other: one message, and the last one out is not acted on

cluster
  nodes n1 n2 n3 n4 n5
  deployment web 2 on n1
  deployment api 2 on n2

settings
  health_check_interval 10
  deployment_check_interval 60

story
  0    silence n1
  0    silence n2
  0    silence n3
  90   return n1
  96   return n2
  102  return n3
  145  end
