A policy says from when on something counts as failed, and which node conditions do

cluster
  node n1 zone a
  node n2 zone b
  nodes n3
  deployment web 2 on n1
  deployment other/far 1 on n3

policy sooner
  match:
    namespaces: [shop]
  detection:
    podRestartThreshold: 3

policy detectors
  match:
    types: [node_failure]
    nodeSelector:
      matchLabels:
        topology.kubernetes.io/zone: b
  mode: Observe
  detection:
    nodeConditions:
      - type: FanBroken
        for: 10s

settings
  settle_period 1
  deployment_check_interval 600

story
  0   crash-loop web.1 3
  0   crash-loop other/far.1 3
  0   condition n1 FanBroken
  0   condition n2 FanBroken
  40  condition n2 FanBroken False
  50  condition n2 KernelDeadlock
  80  end
