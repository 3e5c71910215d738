Of two policies that match the one of the higher priority applies, of equal ones the first by name

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment other/api 2 on n2

policy b-watch
  priority: 5
  match:
    types: [pod_failure]
  mode: Observe

policy a-act
  priority: 5
  match:
    namespaces: [shop]
    causes: [Failed]
  mode: Enforce
  strategies:
    pod_failure:
      medium: recreate

policy z-low
  match:
    types: [pod_failure]
  strategies:
    pod_failure:
      medium: monitor

settings
  settle_period 1

story
  0   fail web.1
  0   fail other/api.1
  15  end
