With mode Approve it waits for a person, and then acts

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  settle_period 1
  mode Approve

story
  0   fail web.1
  10  approve web.1
  25  end
