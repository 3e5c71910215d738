Three workloads that cannot pull from one registry are one trouble, and no pod is restarted for it

cluster
  nodes n1 n2 n3
  deployment a 1 on n1
  deployment b 1 on n2
  deployment c 1 on n3

settings
  health_check_interval 6
  deployment_check_interval 60
  settle_period 1

story
  0   waits a.1 ImagePullBackOff
  3   waits b.1 ImagePullBackOff
  3   waits c.1 ImagePullBackOff
  45  end
