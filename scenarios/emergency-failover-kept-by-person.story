A standby that a person lets serve the Service for good keeps the pods that it was given

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
  0   annotate service/web self-healing.dev/owner - after restart web
  80  end
