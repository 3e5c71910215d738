A policy respects disruption budgets for ten seconds of a drain; what they keep then is deleted gracefully

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment api 1 on n1
  budget web 2

policy in-time
  match:
    types: [node_failure]
  drain:
    respectPDB: UntilDeadline
    deadline: 10

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   condition n1 KernelDeadlock
  40  end
