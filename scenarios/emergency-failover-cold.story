In an emergency a standby without pods gets as many as the primary wants before the Service is switched to it, and none again afterwards

not on bare: its ReplicaSets have no template to make a first pod of

cluster
  nodes n1 n2 n3
  deployment web 3 on n1
  deployment spare 0 on n2
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
  0   unready web.3
  80  end
