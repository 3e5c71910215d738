Where an autoscaler decides how many pods there are, a drain waits for the disruption budget, and says so

cluster
  nodes n1 n2 n3
  deployment web 1 on n1
  budget web 1

policy joins
  match:
    types: [node_failure]
  drain:
    surge: true

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   autoscale web
  1   condition n1 KernelDeadlock
  20  end
