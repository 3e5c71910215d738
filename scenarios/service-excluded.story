A Service that is excluded is neither switched nor are its workloads restarted before that is taken back

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
  0   exclude service/web
  2   unready web.1
  2   unready web.2
  40  include service/web
  60  end
