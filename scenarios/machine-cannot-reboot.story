What can only replace a machine does not reboot it: the next strategy follows at once

cluster
  machines clusterapi
  nodes n1 n2 n3
  deployment web 2 on n1

policy machines
  match:
    types: [node_failure]
  strategies:
    node_failure: {critical: restart}
  escalation:
    ladder: [restart, emergency_replace]

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1
  node_replacement clusterapi

story
  0    silence n1
  340  end
