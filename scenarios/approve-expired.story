What nobody approves in time is cancelled

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  settle_period 1
  mode Approve
  approval_timeout 10

story
  0   fail web.1
  25  end
