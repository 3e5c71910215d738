A policy that names their label lets control-plane nodes be recovered, and only those that it selects

cluster
  node cp1 zone a control-plane
  node cp2 zone b control-plane
  node cp3 zone c control-plane
  nodes n1 n2
  deployment web 2 on n1

policy control-plane
  match:
    types: [node_failure]
    nodeSelector:
      node-role.kubernetes.io/control-plane: ""
      topology.kubernetes.io/zone: a

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   condition cp1 KernelDeadlock
  40  condition cp1 KernelDeadlock False
  50  condition cp2 KernelDeadlock
  65  end
