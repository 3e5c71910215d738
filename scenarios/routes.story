A policy says who hears of what it matches, by severity

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
  settle_period 1

story
  1   fail a.1
  2   fail b.1
  30  end
