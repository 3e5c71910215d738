A policy's ladder and timeout decide what follows, and watching goes up it as well

cluster
  nodes n1 n2 n3
  deployment web 1 on n1

policy patient
  match:
    namespaces: [shop]
  strategies:
    pod_failure:
      medium: monitor
  escalation:
    ladder: [monitor, restart]
    timeout: 10s

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   unready web.1
  40  end
