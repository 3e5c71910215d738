A failed pod is restarted, and its Deployment is whole again

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  settle_period 1

story
  0   fail web.1
  15  end
