A controller that is killed right after it rolled back does not do so again

cluster
  nodes n1 n2 n3
  deployment web 4 on n1

settings
  health_check_interval 1
  settle_period 1

story
  0   annotate web self-healing.dev/auto-rollback true
  1   release web crash-loop
  1   kill controller after roll-back web
  90  end
