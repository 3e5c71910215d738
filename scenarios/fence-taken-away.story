Nothing more is done to a node whose out-of-service taint a person took away

cluster
  machines medik8s
  nodes n1 n2 n3
  statefulset db 1 on n1

policy machines
  match:
    types: [node_failure]
  replacement:
    provider: remediation-template
    templateRef: {apiVersion: fence-agents-remediation.medik8s.io/v1alpha1, kind: FenceAgentsRemediationTemplate, namespace: machines, name: fence}

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1

story
  0    provider powers-off
  0    silence n1
  0    untaint n1 node.kubernetes.io/out-of-service after fence n1
  120  end
