Paused while its standby serves, a Service is not switched back before the pause ends

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
  25  set paused true
  28  heal web.1
  28  heal web.2
  60  set paused false
  90  end
