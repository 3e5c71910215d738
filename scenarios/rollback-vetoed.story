A veto that comes when the template was put back ends the Recovery; what was put back stays

cluster
  nodes n1 n2 n3
  deployment web 4 on n1

settings
  health_check_interval 1
  settle_period 1

story
  0   annotate web self-healing.dev/auto-rollback true
  1   release web crash-loop
  1   cancel web after roll-back web
  60  end
