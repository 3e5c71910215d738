In an emergency a standby whose pods an autoscaler counts serves the Service with those that it has

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
  0   autoscale spare
  5   unready web.1
  5   unready web.2
  80  end
