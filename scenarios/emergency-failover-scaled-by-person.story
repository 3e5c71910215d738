The number that a person gives a standby while it serves stays when the Service is switched back

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
  0   scale spare 4 after scale spare
  80  end
