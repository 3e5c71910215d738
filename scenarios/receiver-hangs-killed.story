A receiver hangs and the controller is killed: its successor tells all that is owed, and the other receiver never waited

cluster
  nodes n1 n2 n3
  deployment a 2
  deployment b 2

policy loud
  match:
    selector: {matchLabels: {app: a}}
  notify:
    routes:
      medium: [slack-incident]

settings
  health_check_interval 1
  settle_period 1

story
  0   receiver slack hangs
  1   fail a.1
  2   fail b.1
  25  kill controller
  45  receiver slack well
  90  end
