Outside its policy's windows a Recovery waits, and begins when they let it

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

policy closed
  match:
    types: [pod_failure]
  windows:
    - kind: Deny
    - kind: Allow

policy closed 2
  match:
    types: [pod_failure]
  windows:
    - kind: Allow

settings
  settle_period 1

story
  0   fail web.1
  10  apply closed 2
  20  end
