A pod that heals itself while one more starts is kept, and the one more is taken back

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

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
  0   crash-loop web.1 9
  0   heal web.1 after scale web
  40  end
