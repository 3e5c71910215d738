A Deployment that somebody has paused is not rolled back, though it allows it

not on real: there a paused Deployment says nothing of its progress, so it is not called stuck

cluster
  nodes n1 n2 n3
  deployment web 4 on n1

settings
  health_check_interval 1
  settle_period 1
  pod_restart_threshold 100

story
  0   annotate web self-healing.dev/auto-rollback true
  1   release web crash-loop
  2   pause web
  120 end
