A pod of a StatefulSet cannot have one more beside it, so it is moved as by recreate

cluster
  nodes n1 n2 n3
  statefulset db 2 on n1

policy surges
  match:
    namespaces: [shop]
  strategies:
    pod_failure:
      medium: scale_and_replace

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   crash-loop db.1 9
  40  end
