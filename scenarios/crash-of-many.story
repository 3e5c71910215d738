Pods of one workload that crash alike are one trouble: one is restarted, and when that does not help a person is told

cluster
  nodes n1 n2 n3
  deployment web 4 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   crash-loop web.1 5
  0   crash-loop web.2 5
  0   crash-loop web.3 5
  0   crash-loop web.4 5
  10  crash-loop web.5 5
  30  end
