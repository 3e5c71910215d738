A Service without a ready endpoint belongs to the Recovery of the Deployment behind it

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  service front for web

settings
  health_check_interval 1
  pod_check_interval 60
  service_check_interval 6
  settle_period 1

story
  0   unready web.1
  0   unready web.2
  20  heal web.1
  20  heal web.2
  35  end
