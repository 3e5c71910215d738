A policy lets one namespace only be watched, and nothing else

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment bank/pay 2 on n2

policy hands-off
  match:
    namespaces: [bank]
  mode: Observe

settings
  settle_period 1

story
  0   fail web.1
  0   fail bank/pay.1
  15  end
