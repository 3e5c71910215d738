The out-of-service taint of a controller that was killed right after it is taken back when the node is back

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
  0    silence n1
  0    kill controller after fence n1
  240  end
