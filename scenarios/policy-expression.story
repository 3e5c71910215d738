An expression over failure and target says where a policy applies; one that cannot be evaluated matches nothing

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment api 1 on n2

policy a-broken
  priority: 9
  match:
    when: target.labels["no-such-label"] == "x"
  mode: Observe

policy b-web
  match:
    when: failure.cause == "Failed" && target.workload.name.startsWith("we") && target.labels["app"] == "web"
  mode: Observe

settings
  settle_period 1

story
  0   fail web.1
  0   fail api.1
  15  end
