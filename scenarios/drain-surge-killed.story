A controller that is killed after each of its writes has a drain start one more only once, and takes it back

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
  pod_check_interval 600
  settle_period 1

story
  0   kill controller after scale web
  0   kill controller after evict web.1
  0   kill controller after unscale web
  0   condition n1 KernelDeadlock
  90  condition n1 KernelDeadlock False
  110 end
