A policy's floor raises a severity and its ceiling caps it, however often a workload fails

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment toys/doll 1 on n2

policy important
  match:
    namespaces: [shop]
  severity:
    floor: high

policy unimportant
  match:
    namespaces: [toys]
  severity:
    ceiling: medium

settings
  settle_period 1
  workload_backoff 0

story
  0   fail web.1
  0   fail toys/doll.1
  6   fail toys/doll.2
  12  fail toys/doll.3
  20  end
