Not more recoveries start in a minute than allowed

cluster
  nodes n1 n2
  deployment a 1 on n1
  deployment b 1 on n1
  deployment c 1 on n1

settings
  settle_period 1
  recoveries_per_minute 2

story
  0   fail a.1
  3   fail b.1
  6   fail c.1
  20  end
