A policy gives a drain fifteen seconds; the next attempt has fifteen seconds as well, then a person is called

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment api 1 on n1
  budget web 1

policy quick
  match:
    types: [node_failure]
  drain:
    timeout: 15

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   budget web 2 after cordon n1
  0   condition n1 KernelDeadlock
  70  end
