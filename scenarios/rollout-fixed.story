A stuck rollout ends by itself when a person releases a good revision

cluster
  nodes n1 n2 n3
  deployment web 4 on n1

settings
  health_check_interval 1
  settle_period 1

story
  0   release web crash-loop
  15  release web well
  35  end
