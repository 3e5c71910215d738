A disruption budget of another namespace keeps no pod, though it selects the same labels

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment bank/web 2 on n2
  budget bank/web 2

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   not-ready n1
  60  end
