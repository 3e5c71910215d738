A controller that dies while it goes on to the next template goes on with that

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
      timeout: 30s
    - templateRef: {apiVersion: fence-agents-remediation.medik8s.io/v1alpha1, kind: FenceAgentsRemediationTemplate, namespace: machines, name: reset}
      timeout: 2m

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1

story
  0    provider fails
  0    provider reboots after end-remediation n1
  0    kill controller after end-remediation n1
  0    silence n1
  200  end
