A reboot that fails is followed by the next strategy of the ladder

cluster
  machines medik8s
  nodes n1 n2 n3
  deployment web 2 on n1

policy machines
  match:
    types: [node_failure]
  replacement:
    provider: remediation-template
    templateRef: {apiVersion: fence-agents-remediation.medik8s.io/v1alpha1, kind: FenceAgentsRemediationTemplate, namespace: machines, name: fence}
  strategies:
    node_failure: {critical: restart}
  escalation:
    ladder: [restart, emergency_replace]

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1

story
  0    provider fails
  0    silence n1
  120  end
