A Deployment whose rollouts somebody has paused is not restarted, because no pod would come of it

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

policy restarts
  match:
    namespaces: [shop]
  strategies:
    deployment_failure:
      high: restart

settings
  health_check_interval 60
  deployment_check_interval 3
  settle_period 1

story
  0   pause web
  1   unready web.1
  1   unready web.2
  40  end
