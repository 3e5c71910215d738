A page stays open after a Recovery that did not help, until its failure is over

not on real: its receivers are played there by a scenario of its own

cluster
  nodes n1 n2 n3
  machines medik8s
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
  pagerduty_enabled true

story
  0    provider fails
  0    silence n1
  90   kill controller
  200  return n1
  300  end
