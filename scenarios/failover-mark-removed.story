A Service whose mark a person takes away while its standby serves is not touched again

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
  25  annotate service/web self-healing.dev/owner -
  40  heal web.1
  40  heal web.2
  80  end
