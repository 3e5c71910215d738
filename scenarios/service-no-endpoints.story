A Service without a ready endpoint that a policy only watches is told, and ends when one is back

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  service web

policy watched
  match:
    types: [service_failure]
  strategies:
    service_failure:
      high: monitor

settings
  health_check_interval 1
  pod_check_interval 60
  deployment_check_interval 60
  settle_period 1

story
  0   unready web.1
  0   unready web.2
  15  heal web.1
  20  heal web.2
  30  end
