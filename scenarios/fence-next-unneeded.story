A node that is back has no other template's turn

cluster
  machines medik8s
  nodes n1 n2 n3
  deployment web 2 on n1
  statefulset db 1 on n1

policy machines
  match:
    types: [node_failure]
  replacement:
    provider: remediation-template
    escalatingRemediations:
    - templateRef: {apiVersion: fence-agents-remediation.medik8s.io/v1alpha1, kind: FenceAgentsRemediationTemplate, namespace: machines, name: fence}
      timeout: 2m
    - templateRef: {apiVersion: fence-agents-remediation.medik8s.io/v1alpha1, kind: FenceAgentsRemediationTemplate, namespace: machines, name: reset}
      timeout: 2m

settings
  health_check_interval 10
  deployment_check_interval 60
  pod_check_interval 60
  settle_period 1

story
  0    provider stalls
  0    silence n1
  100  return n1
  180  end
