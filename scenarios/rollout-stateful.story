A new revision that breaks the first pod of a StatefulSet is one trouble of it; when a good one is released, the broken pod makes way for it

cluster
  nodes n1 n2 n3
  statefulset db 3 on n1

settings
  health_check_interval 1
  settle_period 1

story
  0   release db crash-loop
  25  release db well
  50  end
