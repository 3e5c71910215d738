A Service without a standby has the workload behind it restarted

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  service web

settings
  health_check_interval 1
  pod_check_interval 60
  deployment_check_interval 60
  settle_period 1

story
  0   unready web.1
  0   unready web.2
  60  end
