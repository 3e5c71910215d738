A veto while the standby serves gives the selector back at once

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
  25  cancel service/web
  40  end
