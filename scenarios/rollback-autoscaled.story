A rollback leaves the number of pods to the autoscaler

cluster
  nodes n1 n2 n3
  deployment web 4 on n1

settings
  health_check_interval 1
  settle_period 1

story
  0   annotate web self-healing.dev/auto-rollback true
  0   autoscale web
  1   release web image-pull-backoff
  60  end
