A pod that no node takes keeps the fix of its StatefulSet waiting; it is deleted once, so that the fixed revision rolls

cluster
  nodes n1 n2 n3
  statefulset db 3 on n1

settings
  health_check_interval 1
  settle_period 1

story
  0   release db unschedulable
  25  release db well
  60  end
