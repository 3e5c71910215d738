The remediation of a Recovery that a person vetoes is taken back

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

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1

story
  0    provider stalls
  0    silence n1
  120  cancel n1
  180  end
