A policy's perHour counts what began within the hour, and leaves others alone

cluster
  nodes n1 n2 n3
  deployment web 1 on n1
  deployment api 1 on n2
  deployment other/far 1 on n3

policy seldom
  match:
    namespaces: [shop]
  budget:
    perHour: 1

settings
  settle_period 1

story
  0   fail web.1
  40  fail api.1
  40  fail other/far.1
  50  end
