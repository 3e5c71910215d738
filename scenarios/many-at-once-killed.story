A controller that dies before it has told of many at once tells it after its restart

cluster
  nodes n1 n2 n3
  deployment a 2
  deployment b 2
  deployment c 2
  deployment d 2
  deployment e 2
  deployment f 2
  deployment g 2
  deployment h 2
  deployment i 2
  deployment j 2

settings
  settle_period 1
  recoveries_per_minute 1000

story
  0   fail a.1
  0   fail b.1
  0   fail c.1
  0   fail d.1
  0   fail e.1
  0   fail f.1
  0   fail g.1
  0   fail h.1
  0   fail i.1
  0   fail j.1
  5   kill controller
  60  end
