Three of five nodes fall silent at once: a shared cause, so nothing is done

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
  90   end
