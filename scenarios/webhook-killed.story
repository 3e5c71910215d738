A controller that is killed right after it told a webhook asks it how far it is

cluster
  machines webhook
  nodes n1 n2 n3
  deployment web 2 on n1
  statefulset db 1 on n1

policy machines
  match:
    types: [node_failure]
  strategies:
    node_failure: {critical: restart}
  replacement:
    provider: webhook
    webhook: {url: 'https://machines.example.com/orders'}

settings
  health_check_interval 10
  deployment_check_interval 60
  settle_period 1

story
  0    silence n1
  0    kill controller after replace n1
  180  end
