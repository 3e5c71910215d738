A controller that is killed after each of its changes gives the standby its pods once, and takes them back once

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment spare 1 on n2
  service web standby spare

policy urgent
  match:
    types: [service_failure]
  strategies:
    service_failure:
      high: emergency_failover

settings
  health_check_interval 1
  pod_check_interval 60
  deployment_check_interval 60
  settle_period 1

story
  0   unready web.1
  0   unready web.2
  0   kill controller after scale spare
  0   kill controller after switch service/web
  0   kill controller after unscale spare
  80  end
