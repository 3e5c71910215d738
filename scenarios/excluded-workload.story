A pod whose Deployment has an opt-out is left alone

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  settle_period 1

story
  0   exclude web
  2   fail web.1
  15  end
