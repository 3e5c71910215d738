A drain that a window overtakes stops before its next eviction, keeps its cordon, and goes on afterwards

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment api 1 on n1
  budget web 1

policy closed 2
  match:
    types: [node_failure]
  windows:
    - kind: Deny

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   budget web 2 after cordon n1
  0   condition n1 KernelDeadlock
  20  apply closed 2
  22  budget web 1
  45  withdraw closed
  90  end
