A policy asks a person for some failures only; what is not approved in time is cancelled

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment api 1 on n2
  deployment other/far 1 on n3

policy ask
  match:
    namespaces: [shop]
  mode: Approve

settings
  settle_period 1
  approval_timeout 60

story
  0   fail web.1
  0   fail api.1
  0   fail other/far.1
  10  approve web.1
  75  end
