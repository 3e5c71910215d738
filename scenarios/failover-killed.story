A controller that is killed after the switch, and again while the standby serves, switches once and switches back

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment spare 1 on n2
  service web standby spare

settings
  health_check_interval 1
  pod_check_interval 60
  deployment_check_interval 60
  settle_period 1

story
  0   unready web.1
  0   unready web.2
  0   kill controller after switch service/web
  25  kill controller
  35  heal web.1
  35  heal web.2
  40  kill controller
  80  end
