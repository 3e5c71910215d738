A Deployment without available pods is told before any of its pods counts as failed

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 60
  deployment_check_interval 3
  settle_period 1

story
  0   unready web.1
  0   unready web.2
  20  heal web.1
  20  heal web.2
  35  end
