A policy applies only where every part of its match holds

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment crashing 1 on n2
  pod solo on n2
  deployment other/web 2 on n3

policy watched
  match:
    types: [pod_failure]
    causes: [Failed]
    namespaces: [shop]
    workloadKinds: [Deployment]
  mode: Observe

policy nodes-only
  priority: 9
  match:
    types: [node_failure]
  mode: Observe

settings
  settle_period 1

story
  0   fail web.1
  0   crash-loop crashing.1 7
  0   fail solo
  0   fail other/web.1
  15  end
