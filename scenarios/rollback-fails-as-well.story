A revision that was rolled back to and fails as well is left to a person: nothing goes to and fro

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  settle_period 1

story
  0   annotate web self-healing.dev/auto-rollback true
  1   release web crash-loop
  30  unready web.1
  30  unready web.2
  70  end
