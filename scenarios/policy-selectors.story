Labels of pods, namespaces and nodes say where a policy applies

cluster
  node n1 zone a
  node n2 zone b
  node n3 zone c
  deployment web 2 on n1
  deployment api 1 on n2
  deployment other/far 1 on n3
  deployment plain 1 on n1

policy by-label
  match:
    selector:
      matchLabels:
        app: web
  mode: Observe

policy by-namespace
  match:
    namespaceSelector:
      matchExpressions:
        - key: kubernetes.io/metadata.name
          operator: In
          values: [other, elsewhere]
  mode: Observe

policy by-node
  match:
    types: [pod_failure]
    nodeSelector:
      topology.kubernetes.io/zone: b
  mode: Observe

settings
  settle_period 1

story
  0   fail web.1
  0   fail api.1
  0   fail other/far.1
  0   fail plain.1
  15  end
