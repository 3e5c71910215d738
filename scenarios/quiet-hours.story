What is healed in quiet hours is one message at their end, and what was not is told by itself then

cluster
  nodes n1 n2 n3
  deployment a 2
  deployment b 2
  deployment c 2

policy quiet
  match:
    types: [pod_failure]
  notify:
    quietHours:
      - {}

policy quiet 2
  match:
    types: [pod_failure]

settings
  settle_period 1

story
  0   exclude c.1
  1   fail a.1
  2   fail b.1
  5   fail c.1
  20  cancel c.1
  40  apply quiet 2
  70  end
