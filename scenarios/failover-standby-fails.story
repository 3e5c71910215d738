A Service whose standby fails is switched back as soon as its own pods are there

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
  30  heal web.1
  30  heal web.2
  35  unready spare.1
  70  end
