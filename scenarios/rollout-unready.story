A new revision that runs and never gets ready is left to its deadline, and its pods are not restarted before or after

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  settle_period 1

story
  0   release web unready
  60  end
