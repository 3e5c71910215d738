A new revision that crashes while the earlier one is well is one trouble of its Deployment, and no pod is restarted for it

cluster
  nodes n1 n2 n3
  deployment web 4 on n1

settings
  health_check_interval 1
  settle_period 1

story
  0   release web crash-loop
  25  end
