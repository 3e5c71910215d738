Three of five nodes fall silent one soon after the other: the first to fire is not acted on alone

cluster
  nodes n1 n2 n3 n4 n5
  deployment web 2 on n1
  deployment api 2 on n2

settings
  health_check_interval 10
  deployment_check_interval 60

story
  0    silence n1
  11   silence n2
  11   silence n3
  90   end
