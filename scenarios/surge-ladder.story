What was started in addition is taken back before the next strategy is tried

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

policy surges
  match:
    namespaces: [shop]
  strategies:
    pod_failure:
      medium: scale_and_replace
  escalation:
    ladder: [scale_and_replace, restart]
    timeout: 20s

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   cordon n1
  0   cordon n2
  0   cordon n3
  1   crash-loop web.1 9
  1   uncordon n2 after unscale web
  70  end
