A policy's maxConcurrent lets one recovery go on, and the next wait for it

cluster
  nodes n1 n2 n3
  deployment web 1 on n1
  deployment api 1 on n2
  deployment other/far 1 on n3

policy one-at-once
  match:
    namespaces: [shop]
  budget:
    maxConcurrent: 1

settings
  settle_period 1

story
  0   cordon n1
  0   cordon n2
  0   cordon n3
  2   fail web.1
  20  fail api.1
  20  fail other/far.1
  31  end
