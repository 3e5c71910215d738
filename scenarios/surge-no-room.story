One pod more that does not become ready is taken back, the sick one stays, and a person is called

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

policy surges
  match:
    namespaces: [shop]
  severity:
    base: critical

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1
  recovery_timeout 20

story
  0   cordon n1
  0   cordon n2
  0   cordon n3
  1   crash-loop web.1 9
  60  end
